import { StatusBadge } from './status-badge.tsx';
import { useRecordStatus } from './use-record-status.ts';

export interface RecordBadgeProps {
  readonly collection: string;
  readonly id: string;
}

/** OP2: whether this record is saved here, on its way, sent, or needs a person. */
export function RecordBadge({ collection, id }: RecordBadgeProps) {
  return <StatusBadge status={useRecordStatus(collection, id)} />;
}
