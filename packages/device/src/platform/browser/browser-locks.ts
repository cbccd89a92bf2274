import type { Locks } from '../../ports/platform.ts';

/** Web Locks: over all tabs and workers of the origin, freed by the browser when their holder dies. */
export function browserLocks(store: string): Locks {
  return {
    async exclusive(name, work, signal) {
      return navigator.locks.request(`holdfast:${store}:${name}`, signal ? { signal } : {}, () => work());
    },
    async steal(name, work) {
      return navigator.locks.request(`holdfast:${store}:${name}`, { steal: true }, () => work());
    },
  };
}
