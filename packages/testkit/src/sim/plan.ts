import { actNames, poisonNames } from './actions/act.ts';
import { type Chance, createChance } from './chance.ts';
import { type EventName, eventNames, faultOf } from './events.ts';
import { chooseFaults, type Faults } from './faults.ts';
import { DEVICES } from './stage.ts';

/** What happens next, to which device, and the seed of all chance in it. */
export interface Step {
  /** Something a person does, `time` or a `moment` of it, or an event of the world. */
  readonly what: string;
  readonly who: number;
  readonly seed: number;
}

/**
 * A whole history before it is played. It asks nothing of the world, so that a part of the steps is a plan
 * too, and a plan that was written down stays what it is when the world learns new tricks.
 */
export interface Plan {
  readonly seed: number;
  readonly faults: Faults;
  readonly steps: readonly Step[];
}

/** How often time passes between two steps; with little of it people work side by side, unaware of each other. */
const TEMPI = [0.2, 0.4, 0.6] as const;
/** What people do most: they change what is there. */
const OFTEN = ['change person', 'change dose', 'change note', 'resolve conflict'];
const HOW_OFTEN = 3;

export function planOf(seed: number, steps: number): Plan {
  const chance = createChance(seed);
  const faults = chooseFaults(chance);
  const tempo = chance.pick(TEMPI);
  return {
    seed,
    faults,
    steps: Array.from({ length: steps }, () => ({
      what: whatNext(chance, faults, tempo),
      who: chance.below(DEVICES * 4),
      seed: chance.below(2 ** 31),
    })),
  };
}

const everyday = [...actNames, ...Array.from({ length: HOW_OFTEN }, () => OFTEN).flat()];

function whatNext(chance: Chance, faults: Faults, tempo: number): string {
  if (chance.happens(tempo)) return chance.happens(tempo) ? 'time' : 'moment';
  const event = eventNames.find((name: EventName) => chance.happens(faults[faultOf(name)]));
  if (event !== undefined) return event;
  return chance.pick(chance.happens(faults.poison) ? poisonNames : everyday);
}
