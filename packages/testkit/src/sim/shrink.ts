import type { Faults } from './faults.ts';
import type { Plan } from './plan.ts';
import { type History, runPlan } from './run-history.ts';

/**
 * The least part of a failing history that still breaks the same promise: steps are left out, ever smaller
 * runs of them (Zeller, "Simplifying and Isolating Failure-Inducing Input", 2002), then faults.
 */
export async function shrink(history: History): Promise<Plan> {
  const promise = promiseOf(history);
  const fails = async (plan: Plan) => promiseOf(await runPlan(plan)) === promise;
  let plan: Plan = { ...history.plan, steps: history.plan.steps.slice(0, history.steps) };
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = plan.steps.length - size; from > -size; from -= size) {
      const steps = plan.steps.filter((_, index) => index < from || index >= from + size);
      if (steps.length < plan.steps.length && (await fails({ ...plan, steps }))) plan = { ...plan, steps };
    }
  }
  for (const name of Object.keys(plan.faults) as (keyof Faults)[]) {
    const without = { ...plan, faults: { ...plan.faults, [name]: 0 } };
    if (plan.faults[name] > 0 && (await fails(without))) plan = without;
  }
  return plan;
}

/** Which promise was broken first, whatever the ids in the message; null for none. */
function promiseOf({ violations: [first] }: Pick<History, 'violations'>): string | null {
  return first === undefined ? null : first.slice(0, 30).replaceAll(/[0-9a-f-]{8,}.*/g, '');
}
