import { openDevice } from '@holdfast/device/browser';
import { fieldbook } from '../../schema.ts';
import type { Person } from './person.ts';
import type { FieldbookDevice } from './session.ts';
import { type TokenSource, tokenSource } from './token-source.ts';

/** Opens a person's device in this browser. Needs no link. @throws HoldfastError */
export async function openFieldbook(person: Person): Promise<FieldbookDevice> {
  // Only a window may ask the browser to keep what a site stores; it may say no, and is asked again next time.
  void navigator.storage?.persist?.();
  const tokens = tokenSource(person.id);
  const device = await openDevice({
    schema: fieldbook,
    user: { id: person.id },
    worker: () => new Worker(new URL('../../device.worker.ts', import.meta.url), { type: 'module' }),
    backend: { url: window.location.origin, token: tokens.token },
  });
  renewRefusedToken(device, tokens);
  return device;
}

/** A kept token that the server no longer takes is exchanged for a fresh one, once (NW4). */
function renewRefusedToken(device: FieldbookDevice, tokens: TokenSource): void {
  let tried = false;
  device.status.subscribe(() => {
    const { at } = device.status.get().phase;
    if (at === 'idle') tried = false;
    if (at !== 'needs-auth' || tried) return;
    tried = true;
    if (tokens.forget()) void device.sync();
  });
}
