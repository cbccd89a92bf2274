import { canonicalJson, HoldfastError, type Json } from '@holdfast/core';
import * as z from 'zod';
import { fromBase64, toBase64 } from './base64.ts';

const SLOTS_VERSION = 1;

const slot = z.strictObject({
  v: z.int().positive(),
  type: z.string(),
  /** What the unlock method needs to know again, such as costs of a derivation. */
  params: z.record(z.string(), z.json()),
  /** The store's secret, encrypted by the unlock method; base64. */
  wrapped: z.base64(),
});

/**
 * The file of key slots: one wrapped copy of the store's secret for each way to unlock it. Nothing in
 * it is secret, and nothing in it can be changed unnoticed: every header is bound to its ciphertext.
 */
const slotsFile = z.strictObject({
  v: z.literal(SLOTS_VERSION),
  /** Identity of the store, made with it. */
  store: z.uuid(),
  slots: z.array(slot).min(1).max(16),
});

export type Slot = z.infer<typeof slot>;
export type SlotsFile = z.infer<typeof slotsFile>;

export function formatSlots(file: SlotsFile): string {
  return canonicalJson(file as Json);
}

/** @throws HoldfastError `StoreNewer`, or `WrongKey` where the text is not one of ours */
export function parseSlots(text: string): SlotsFile {
  const value = jsonOrNull(text);
  const newer = z.object({ v: z.int().gt(SLOTS_VERSION) }).safeParse(value);
  if (newer.success) throw new HoldfastError('StoreNewer', `key slots of version ${newer.data.v}`);
  const parsed = slotsFile.safeParse(value);
  if (!parsed.success) throw new HoldfastError('WrongKey', 'the key slots are unreadable', { cause: parsed.error });
  return parsed.data;
}

/** What a slot's ciphertext is bound to: its own header, the user and the store. */
export function slotContext(header: Pick<Slot, 'v' | 'type' | 'params'>, user: string, store: string): Uint8Array {
  const { v, type, params } = header;
  return new TextEncoder().encode(canonicalJson({ v, type, params: params as Json, user, store }));
}

export function wrappedBytes(of: Slot): Uint8Array {
  return fromBase64(of.wrapped);
}

export function makeSlot(header: Pick<Slot, 'v' | 'type' | 'params'>, wrapped: Uint8Array): Slot {
  return { ...header, wrapped: toBase64(wrapped) };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
