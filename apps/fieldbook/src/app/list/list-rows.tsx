import { RecordBadge } from '@holdfast/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { aboutPatient } from '../about-patient.ts';
import { Initials } from '../parts/initials.tsx';
import { hrefOf } from '../route.ts';
import type { PatientRow } from './search-patients.ts';

const ROW_HEIGHT_PX = 72;

interface ListRowsProps {
  readonly rows: readonly PatientRow[];
  readonly openId: string | null;
  /** Given where patients of several mentors stand together. */
  readonly mentorNames: ReadonlyMap<string, string> | null;
}

/** The rows one can see, of any number. One stop for the Tab key; the arrow keys go through the rows. */
export function ListRows({ rows, openId, mentorNames }: ListRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
  });
  const { active, onKeyDown } = useArrowKeys(rows, scroller, (index) => virtual.scrollToIndex(index));
  useOpenRowInSight(rows, openId, virtual);
  const drawn = virtual.getVirtualItems();
  const activeIsDrawn = drawn.some(({ index }) => rows[index]?.id === active);
  const stop = activeIsDrawn ? active : rows[virtual.range?.startIndex ?? 0]?.id;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys are a short cut; every row is a link by itself
    <div className="rows" ref={scroller} onKeyDown={onKeyDown}>
      <ul style={{ height: virtual.getTotalSize() }} data-testid="patients">
        {drawn.map(({ key, index, start }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <li
              key={key}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ height: ROW_HEIGHT_PX, transform: `translateY(${start}px)` }}
            >
              <a
                className="row"
                href={hrefOf({ at: 'patient', id: row.id })}
                data-id={row.id}
                aria-current={row.id === openId ? 'page' : undefined}
                tabIndex={row.id === stop ? 0 : -1}
              >
                <Initials name={row.name} />
                <span className="row-text">
                  <span className="row-name">{row.name}</span>
                  <span className="row-about">{aboutRow(row, mentorNames)}</span>
                </span>
                <RecordBadge collection="patients" id={row.id} />
              </a>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function aboutRow(row: PatientRow, mentorNames: ReadonlyMap<string, string> | null): string {
  const mentor = mentorNames?.get(row.mentorId);
  return mentor === undefined ? aboutPatient(row) : `${aboutPatient(row)} · ${mentor}`;
}

/** A patient opened by an address, not from the list, is brought into sight in it once. */
function useOpenRowInSight(
  rows: readonly PatientRow[],
  openId: string | null,
  virtual: { scrollToIndex(index: number, options: { align: 'center' }): void },
) {
  const [wanted, setWanted] = useState(openId);
  useEffect(() => {
    const index = wanted === null ? -1 : rows.findIndex(({ id }) => id === wanted);
    if (index < 0) return;
    setWanted(null);
    virtual.scrollToIndex(index, { align: 'center' });
  }, [wanted, rows, virtual]);
}

/** Which row holds the list's tab stop, and how the arrow keys move it. */
function useArrowKeys(
  rows: readonly PatientRow[],
  scroller: { readonly current: HTMLDivElement | null },
  scrollTo: (index: number) => void,
) {
  const [active, setActive] = useState<string | null>(null);
  const [moved, setMoved] = useState(0);
  // After each move the row has to be drawn before it can take the focus.
  useEffect(() => {
    if (moved === 0 || active === null) return;
    scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(active)}"]`)?.focus({ preventScroll: true });
  }, [moved, active, scroller]);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const from = rows.findIndex(({ id }) => id === (event.target as HTMLElement).dataset.id);
    const to = targetOf(event.key, from, rows.length - 1);
    const row = to === null ? undefined : rows[to];
    if (from < 0 || to === null || !row) return;
    event.preventDefault();
    scrollTo(to);
    setActive(row.id);
    setMoved((count) => count + 1);
  };
  return { active, onKeyDown };
}

function targetOf(key: string, from: number, last: number): number | null {
  if (key === 'ArrowDown') return Math.min(from + 1, last);
  if (key === 'ArrowUp') return Math.max(from - 1, 0);
  if (key === 'Home') return 0;
  return key === 'End' ? last : null;
}
