import type { Schema } from '@holdfast/core';
import type { Device } from '@holdfast/device';
import { useCallback } from 'react';
import { useDevice } from './use-device.ts';

/**
 * `device.write` as a function that stays the same between renders. It resolves once the changes are
 * durable on this device and never waits for the network (WR1, WR6). @throws InvalidWrite, HoldfastError
 */
export function useWrite<S extends Schema = Schema>(): Device<S>['write'] {
  const device = useDevice<S>();
  return useCallback((work, options) => device.write(work, options), [device]);
}
