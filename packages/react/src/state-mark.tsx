import type { RecordStatus } from '@holdfast/device';
import type { ReactNode } from 'react';

const SHAPES: Readonly<Record<RecordStatus, ReactNode>> = {
  'saved-here': <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" strokeWidth="2" />,
  sending: (
    <>
      <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" strokeWidth="2" />
      <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
    </>
  ),
  sent: (
    <path
      d="M2.8 8.6l3.4 3.4 7-7.6"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.2"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  ),
  'needs-attention': (
    <path d="M8 2.4l6 10.8H2z" fill="currentColor" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />
  ),
};

/** The shape that stands for a status: hollow dot, half dot, tick, triangle. Decoration beside its word. */
export function StateMark({ status }: { readonly status: RecordStatus }) {
  return (
    <svg className="hf-mark" data-status={status} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}
