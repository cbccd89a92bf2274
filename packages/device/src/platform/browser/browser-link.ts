import type { LinkTraits } from '../../ports/platform.ts';

/** The Network Information API, of which only some browsers have a part. */
interface Connection extends Partial<EventTarget> {
  readonly saveData?: boolean;
  /** Drafted, and told by some Android web views. */
  readonly metered?: boolean;
}

export function connection(): Connection | undefined {
  return (navigator as Navigator & { readonly connection?: Connection }).connection;
}

export function browserLinkTraits(): LinkTraits {
  const known = connection();
  return { saveData: known?.saveData === true, metered: known?.metered === true };
}
