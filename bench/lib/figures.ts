/** One measured figure, with what it is held against. */
export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | '×' | 'MB' | 'KB' | 'requests' | 'edits';
  readonly value: number;
  /** At most this; null where the figure is only reported. */
  readonly goal: number | null;
  readonly detail: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** How often the floor goes into ours: the middle of rounds that ran turn by turn, each against its own floor. */
export function ratioOf(own: readonly number[], floor: readonly number[]): number {
  return median(own.map((ms, round) => ms / (floor[round] ?? Number.NaN)));
}

/** Such as `812, 790, 1020`. */
export function list(values: readonly number[]): string {
  return values.map((value) => value.toFixed(value < 100 ? 1 : 0)).join(', ');
}

export function isReached({ value, goal }: Figure): boolean {
  return goal === null || value <= goal;
}

export function printFigure(figure: Figure): string {
  const { name, unit, value, goal, detail } = figure;
  const verdict =
    goal === null ? '' : isReached(figure) ? `  reached (≤ ${goal} ${unit})` : `  NOT reached (${goal} ${unit})`;
  return `${name.padEnd(58)} ${value.toFixed(2).padStart(9)} ${unit}${verdict}\n${' '.repeat(58)} ${detail}`;
}
