/** React hooks and small components over a Holdfast device. The device does the work; these show it. */
export { describeStatus, entriesHere, entriesNeedingYou, type StatusLine } from './describe-status.ts';
export { HoldfastProvider, type HoldfastProviderProps } from './holdfast-provider.tsx';
export { hooksFor, type SchemaHooks } from './hooks-for.ts';
export { LinkStatus } from './link-status.tsx';
export { english, type Messages } from './messages.ts';
export { RecordBadge, type RecordBadgeProps } from './record-badge.tsx';
export { StateMark } from './state-mark.tsx';
export { StatusBadge } from './status-badge.tsx';
export { useDevice } from './use-device.ts';
export { useLive } from './use-live.ts';
export { useMessages } from './use-messages.ts';
export { useOutbox } from './use-outbox.ts';
export { useRecord } from './use-record.ts';
export { useRecordStatus } from './use-record-status.ts';
export { useRecordStatuses } from './use-record-statuses.ts';
export { useSyncStatus } from './use-sync-status.ts';
export { useWrite } from './use-write.ts';
