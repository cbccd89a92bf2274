import { useRecordStatuses } from '@holdfast/react';
import { startOfDay } from '../dates.ts';
import { useLive } from '../hooks.ts';
import { useNow } from '../parts/use-now.ts';

const DAY_MS = 86_400_000;

/** Today's visits on this device, and how many of them the server has. */
export function useToday(): { readonly all: number; readonly sent: number } {
  const statuses = useRecordStatuses();
  const today = startOfDay(useNow(60_000)).getTime();
  // Instants are text with any offset: text narrows it to the days around, the moment itself decides.
  const since = new Date(today - DAY_MS).toISOString().slice(0, 10);
  const rows = useLive(
    (db) => db.selectFrom('encounters').select(['id', 'start']).where('start', '>=', since),
    [since],
  );
  const ids = (rows ?? []).filter(({ start }) => isOn(start, today)).map(({ id }) => id);
  return { all: ids.length, sent: ids.filter((id) => !statuses.has(`encounters/${id}`)).length };
}

function isOn(instant: string, dayMs: number): boolean {
  const ms = Date.parse(instant);
  return ms >= dayMs && ms < dayMs + DAY_MS;
}
