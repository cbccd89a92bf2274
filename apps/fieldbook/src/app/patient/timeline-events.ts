/** A patient's story in the order it happened, newest first: visits with what was found in them, and what stands alone. */
import { messages } from '../messages.ts';
import type { ClinicalRow, PrescriptionRow } from './clinical-row.ts';
import type { PatientStory } from './use-patient-story.ts';

export interface TimelineItem {
  readonly collection: string;
  readonly id: string;
  readonly label: string;
  readonly value: string | null;
}

export interface TimelineEvent {
  readonly collection: keyof typeof messages.kinds;
  readonly id: string;
  /** An instant; null where nobody wrote one down. */
  readonly at: string | null;
  readonly title: string;
  readonly detail: string | null;
  readonly note: string | null;
  /** A word for what is out of the ordinary, such as a cancelled visit. */
  readonly remark: string | null;
  readonly items: readonly TimelineItem[];
}

/** The order in which the parts of one visit stand. */
const PARTS = ['conditions', 'medicationRequests', 'procedures', 'immunizations', 'observations'] as const;

export function timelineEvents(story: PatientStory): readonly TimelineEvent[] {
  const itemsByVisit = new Map<string, TimelineItem[]>(story.encounters.map(({ id }) => [id, []]));
  const alone: TimelineEvent[] = [];
  for (const collection of PARTS) {
    for (const row of story[collection]) {
      const value = shownValue(row);
      const visit = row.encounterId === null ? undefined : itemsByVisit.get(row.encounterId);
      if (visit) visit.push({ collection, id: row.id, label: row.display, value: value ?? remarkOf(row.status) });
      else alone.push(aloneEvent(collection, row, value));
    }
  }
  const visits = story.encounters.map(
    (visit): TimelineEvent => ({
      collection: 'encounters',
      id: visit.id,
      at: visit.start,
      title: visit.kind,
      detail: visit.reason,
      note: visit.note,
      remark: remarkOf(visit.status),
      items: itemsByVisit.get(visit.id) ?? [],
    }),
  );
  return [...visits, ...alone].sort(newestFirst);
}

function aloneEvent(collection: (typeof PARTS)[number], row: ClinicalRow, value: string | null): TimelineEvent {
  const remark = remarkOf(row.status);
  return { collection, id: row.id, at: row.at, title: row.display, detail: value, note: null, remark, items: [] };
}

/** What was measured, or the dose. */
export function shownValue(row: ClinicalRow | PrescriptionRow): string | null {
  if ('dose' in row && row.dose !== null) {
    const amount = [row.dose.toLocaleString(messages.locale), row.doseUnit].filter((part) => part !== null).join(' ');
    return messages.dose(amount, row.timesPerDay);
  }
  return row.value;
}

function remarkOf(status: string | null): string | null {
  return status === null ? null : (messages.visitStatus[status] ?? null);
}

function newestFirst(one: TimelineEvent, other: TimelineEvent): number {
  return instantMs(other.at) - instantMs(one.at) || (one.id < other.id ? 1 : -1);
}

/** Compares moments as moments, whatever offset they were written with; what has none comes last. */
function instantMs(at: string | null): number {
  const ms = at === null ? Number.NaN : Date.parse(at);
  return Number.isNaN(ms) ? -8.64e15 : ms;
}
