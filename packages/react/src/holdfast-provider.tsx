import type { Schema } from '@holdfast/core';
import type { Device } from '@holdfast/device';
import { type ReactNode, useMemo } from 'react';
import { HoldfastContext } from './holdfast-context.ts';
import { english, type Messages } from './messages.ts';

export interface HoldfastProviderProps<S extends Schema> {
  /** An open device. The provider does not close it: whoever opened it does. */
  readonly device: Device<S>;
  /** The words of the ready-made components; English unless given. */
  readonly messages?: Messages;
  readonly children: ReactNode;
}

/** Makes a device known to the hooks and components below. */
export function HoldfastProvider<S extends Schema>({ device, messages, children }: HoldfastProviderProps<S>) {
  const value = useMemo(
    // Hooks get the schema's types back through `hooksFor`; the context itself knows no schema.
    () => ({ device: device as unknown as Device<Schema>, messages: messages ?? english }),
    [device, messages],
  );
  return <HoldfastContext value={value}>{children}</HoldfastContext>;
}
