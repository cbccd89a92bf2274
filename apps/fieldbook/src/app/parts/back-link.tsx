import { hrefOf, type Route } from '../route.ts';

/** Leads to where one came from. On a wide screen the list beside it does, and this one is hidden. */
export function BackLink({
  to,
  children,
  always,
}: {
  readonly to: Route;
  readonly children: string;
  readonly always?: boolean;
}) {
  return (
    <a className="back" data-always={always ?? false} href={hrefOf(to)}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path
          d="M10 2.5L4.5 8l5.5 5.5"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {children}
    </a>
  );
}
