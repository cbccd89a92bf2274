import type { Schema, Step } from '@holdfast/core';

/** The steps from one version of the schema to another, in their order. */
export function stepsFrom(schema: Schema, from: number): Step[] {
  const steps: Step[] = [];
  for (let version = from + 1; version <= schema.version; version += 1)
    steps.push(...(schema.lifts.get(version) ?? []));
  return steps;
}

/** What becomes of a collection of the older schema. */
export interface Renamed {
  /** Its name now; null where it was dropped. */
  readonly name: string | null;
  /** Some step is about it. */
  readonly touched: boolean;
}

export function renamed(steps: readonly Step[], collection: string): Renamed {
  let name = collection;
  let touched = false;
  for (const step of steps) {
    if (step.kind === 'renameCollection') {
      if (step.from !== name) continue;
      name = step.to;
      touched = true;
    } else if (step.kind !== 'mapCommand' && step.collection === name) {
      if (step.kind === 'dropCollection') return { name: null, touched: true };
      touched = true;
    }
  }
  return { name, touched };
}
