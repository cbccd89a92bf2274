import { invariant, type Schema } from '@holdfast/core';
import type { Device } from '@holdfast/device';
import { useContext } from 'react';
import { HoldfastContext } from './holdfast-context.ts';

/** The device of the nearest `HoldfastProvider`. Using it outside of one is a bug, and throws. */
export function useDevice<S extends Schema = Schema>(): Device<S> {
  const { device } = useContext(HoldfastContext);
  invariant(device !== null, 'useDevice needs a HoldfastProvider above it');
  return device as unknown as Device<S>;
}
