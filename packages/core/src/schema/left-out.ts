/** Where a key was given that the checked value has no more: Zod leaves out what an object's type does not name. */
export function leftOut(given: unknown, checked: unknown): (string | number)[] | null {
  if (!isNested(given) || !isNested(checked)) return null;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const step = Array.isArray(given) ? Number(key) : key;
    if (!Object.hasOwn(checked, key)) return [step];
    const deeper = leftOut(value, Object.getOwnPropertyDescriptor(checked, key)?.value);
    if (deeper !== null) return [step, ...deeper];
  }
  return null;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
