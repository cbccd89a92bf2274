/** A whole number where JavaScript can hold it, else its text: never a bigint (hazard F12). */
export function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}
