/**
 * What has been typed and not yet saved, by form. It stays while one looks at another page and comes
 * back, and the browser asks before the app is closed over it. It is kept in memory only: what is typed
 * about a patient belongs into the encrypted store or nowhere.
 */
import { useCallback, useState } from 'react';

interface Draft<V> {
  /** What the form began with: what differs from it is what the person changed. */
  readonly base: V;
  readonly values: V;
}

const drafts = new Map<string, Draft<unknown>>();

/**
 * The values of a form. `base` stays what it was at the beginning, also when a sync changes the record
 * meanwhile.
 *
 * @param key one for each person, form and record
 */
export function useDraft<V extends object>(key: string, initial: V) {
  const [draft, setDraft] = useState(
    () => (drafts.get(key) as Draft<V> | undefined) ?? { base: initial, values: initial },
  );
  const change = useCallback(
    (part: Partial<V>) =>
      setDraft(({ base, values }) => {
        const next = { base, values: { ...values, ...part } };
        drafts.set(key, next);
        return next;
      }),
    [key],
  );
  const drop = useCallback(() => drafts.delete(key), [key]);
  return { ...draft, change, drop };
}

/** The fields of `values` that differ from `base`. */
export function changedFields<V extends object>(base: V, values: V): Partial<V> {
  const entries = Object.entries(values).filter(([field, value]) => base[field as keyof V] !== value);
  return Object.fromEntries(entries) as Partial<V>;
}

/** Forgets all drafts: the person has left. */
export function dropDrafts(): void {
  drafts.clear();
}

/** Lets the browser ask before it closes the app over something unsaved. */
export function guardDrafts(): void {
  window.addEventListener('beforeunload', (event) => {
    if (drafts.size > 0) event.preventDefault();
  });
}
