import { useSyncExternalStore } from 'react';

/** Every place in the app; in the address after `#`, so that it works without a server. */
export type Route =
  | { readonly at: 'list' }
  | { readonly at: 'patient'; readonly id: string }
  | { readonly at: 'new-patient' }
  | { readonly at: 'edit-patient'; readonly id: string }
  | { readonly at: 'new-visit'; readonly id: string }
  | { readonly at: 'outbox' };

/** The address of a place. */
export function hrefOf(route: Route): string {
  switch (route.at) {
    case 'list':
      return '#/';
    case 'patient':
      return `#/patients/${encodeURIComponent(route.id)}`;
    case 'new-patient':
      return '#/new-patient';
    case 'edit-patient':
      return `#/patients/${encodeURIComponent(route.id)}/edit`;
    case 'new-visit':
      return `#/patients/${encodeURIComponent(route.id)}/visit`;
    case 'outbox':
      return '#/outbox';
  }
}

/** The place an address leads to; the list for one that leads nowhere. */
export function routeOf(hash: string): Route {
  const [first, second, third] = hash.replace(/^#\/?/, '').split('/');
  if (first === 'new-patient') return { at: 'new-patient' };
  if (first === 'outbox') return { at: 'outbox' };
  const id = decoded(second);
  if (first !== 'patients' || id === null) return { at: 'list' };
  if (third === 'edit') return { at: 'edit-patient', id };
  if (third === 'visit') return { at: 'new-visit', id };
  return { at: 'patient', id };
}

function decoded(part: string | undefined): string | null {
  if (!part) return null;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

let current = { hash: '', route: routeOf('') };

function snapshot(): Route {
  const { hash } = window.location;
  if (hash !== current.hash) current = { hash, route: routeOf(hash) };
  return current.route;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, snapshot);
}

/** Goes to a place; with `replace`, Back does not return to the one left. */
export function go(route: Route, options: { replace?: boolean } = {}): void {
  if (options.replace) window.location.replace(hrefOf(route));
  else window.location.hash = hrefOf(route);
}
