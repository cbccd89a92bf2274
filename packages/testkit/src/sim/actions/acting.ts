import type { Device } from '@holdfast/device';
import type { Chance } from '../chance.ts';
import type { SimDevice } from '../sim-device.ts';
import type { SimSchema } from '../sim-schema.ts';

export type Ready = Device<SimSchema>;

/** What a person did, as far as it became mutations. */
export interface Done {
  readonly transaction: string | null;
  readonly mutations: readonly string[];
}

/** One thing that a person does; null where there was nothing to do it with. */
export type Act = (device: Ready, chance: Chance, sim: SimDevice) => Promise<Done | null>;
