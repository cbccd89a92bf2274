import { type Json, sameJson } from '@holdfast/core';
import type { Seen } from '../shadow.ts';
import type { SimDevice } from '../sim-device.ts';
import { isWanted } from './check-device.ts';
import type { DeviceState } from './device-state.ts';

/** I2, I9, I12: at rest a device shows exactly what the server has in its scopes; nothing else is on its disk. */
export function checkConverged(sim: SimDevice, state: DeviceState, server: ReadonlyMap<string, Seen>): string[] {
  const violations: string[] = [];
  // What waits behind an entry that waits for a person is still shown as the writer left it.
  const waiting = new Set(
    state.entries
      .filter(({ state: { at, ...rest } }) => at === 'blocked' && 'reason' in rest && rest.reason === 'held')
      .map(({ address }) => address),
  );
  for (const [address, { values }] of server) {
    if (waiting.has(address) || state.bare.has(address) || !isWanted(sim, address)) continue;
    const own = state.visible.get(address);
    if (own === undefined) violations.push(`[I2] ${sim.name} lacks ${address}`);
    else if (Object.keys(own).some((field) => !sameJson(own[field] ?? null, (values[field] ?? null) as Json))) {
      violations.push(`[I2] ${sim.name} shows ${JSON.stringify(own)} where the server has ${JSON.stringify(values)}`);
    }
  }
  for (const address of state.visible.keys()) {
    if (!server.has(address) && !waiting.has(address))
      violations.push(`[I2] [I12] ${sim.name} shows ${address}, which nobody has`);
  }
  if (state.staged > 0) violations.push(`[I9] ${sim.name} keeps ${state.staged} staged pages`);
  return violations;
}
