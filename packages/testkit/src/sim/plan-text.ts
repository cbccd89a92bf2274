import { type Faults, NO_FAULTS } from './faults.ts';
import type { Plan } from './plan.ts';

/** A plan as text: one line a step, so that people can read it and leave lines out. */
export function writePlan({ seed, faults, steps }: Plan): string {
  const chosen = Object.entries(faults).filter(([, strength]) => strength > 0);
  return [
    `seed ${seed}`,
    ...chosen.map(([name, strength]) => `fault ${name} ${strength}`),
    ...steps.map(({ what, who, seed: own }) => `step ${who} ${own} ${what}`),
  ].join('\n');
}

/** Faults that the plan does not name are off, those included that came after it was written. */
export function readPlan(text: string): Plan {
  let seed = 0;
  const faults: Record<string, number> = { ...NO_FAULTS };
  const steps: Plan['steps'][number][] = [];
  for (const line of text
    .split('\n')
    .map((each) => each.trim())
    .filter((each) => each !== '')) {
    const [kind, a = '', b = '', ...rest] = line.split(' ');
    if (kind === 'seed') seed = Number(a);
    else if (kind === 'fault' && Object.hasOwn(NO_FAULTS, a)) faults[a] = Number(b);
    else if (kind === 'step') steps.push({ who: Number(a), seed: Number(b), what: rest.join(' ') });
    else throw new Error(`not a line of a plan: ${line}`);
  }
  return { seed, faults: faults as Faults, steps };
}
