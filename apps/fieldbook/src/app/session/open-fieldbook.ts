import { openDevice } from '@holdfast/device/browser';
import { fieldbook } from '../../schema.ts';
import type { Person } from './person.ts';
import type { FieldbookDevice } from './session.ts';
import { tokenSource } from './token-source.ts';

/** Opens a person's device in this browser. Needs no link. @throws HoldfastError */
export async function openFieldbook(person: Person): Promise<FieldbookDevice> {
  // Only a window may ask the browser to keep what a site stores; it may say no, and is asked again next time.
  void navigator.storage?.persist?.();
  const tokens = tokenSource(person.id);
  return openDevice({
    schema: fieldbook,
    user: { id: person.id },
    worker: () => new Worker(new URL('../../device.worker.ts', import.meta.url), { type: 'module' }),
    backend: { url: window.location.origin, token: tokens.token },
  });
}
