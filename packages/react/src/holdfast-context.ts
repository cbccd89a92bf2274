import type { Schema } from '@holdfast/core';
import type { Device } from '@holdfast/device';
import { createContext } from 'react';
import { english, type Messages } from './messages.ts';

/** What the provider hands to the hooks and components below it. */
export interface Holdfast {
  /** Null outside a provider. */
  readonly device: Device<Schema> | null;
  readonly messages: Messages;
}

export const HoldfastContext = createContext<Holdfast>({ device: null, messages: english });
