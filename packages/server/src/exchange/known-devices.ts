import type { DeviceId, UserId } from '@holdfast/core';

/**
 * Devices met lately, so that a quiet exchange need not write that it met one again. Bounded; the
 * database stays the one who knows, and a device belongs to its user for ever.
 */
export class KnownDevices {
  readonly #met = new Map<DeviceId, { readonly user: UserId; readonly at: number }>();
  readonly #size: number;
  readonly #forMs: number;

  constructor(size: number, forMs: number) {
    this.#size = size;
    this.#forMs = forMs;
  }

  has(device: DeviceId, user: UserId, now: number): boolean {
    const met = this.#met.get(device);
    return met !== undefined && met.user === user && now - met.at < this.#forMs && now >= met.at;
  }

  add(device: DeviceId, user: UserId, now: number): void {
    this.#met.delete(device);
    this.#met.set(device, { user, at: now });
    if (this.#met.size <= this.#size) return;
    const [oldest] = this.#met.keys();
    if (oldest !== undefined) this.#met.delete(oldest);
  }
}
