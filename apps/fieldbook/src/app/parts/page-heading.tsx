import { type ReactNode, useEffect, useRef } from 'react';

let coldStart = true;

/** The heading of a page. Takes the focus when one comes to the page, so that it is read out first. */
export function PageHeading({ children }: { readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // At a cold start nobody has come from anywhere: the focus stays with the whole page.
    if (!coldStart) heading.current?.focus({ preventScroll: true });
    coldStart = false;
  }, []);
  return (
    <h2 className="page-heading" ref={heading} tabIndex={-1}>
      {children}
    </h2>
  );
}
