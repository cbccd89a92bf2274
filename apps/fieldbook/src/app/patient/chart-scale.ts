/** Where things stand in a chart. */
export interface Scale {
  readonly ticks: readonly number[];
  y(value: number): number;
  x(atMs: number): number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A scale over all values and times, with round ticks that enclose the values.
 *
 * @param leastSpan what the scale covers at least, so that a change of no weight does not look like one
 */
export function scaleOf(values: readonly number[], timesMs: readonly number[], leastSpan: number, frame: Frame): Scale {
  const spare = Math.max(0, leastSpan - (Math.max(...values) - Math.min(...values))) / 2;
  const [low, high] = [Math.min(...values) - spare, Math.max(...values) + spare];
  const step = roundStep((high - low) / 3);
  const bottom = Math.floor(low / step) * step;
  const top = Math.max(Math.ceil(high / step) * step, bottom + step);
  const count = Math.round((top - bottom) / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => bottom + index * step);
  const [from, to] = [Math.min(...timesMs), Math.max(...timesMs)];
  const innerWidth = frame.width - frame.left - frame.right;
  const innerHeight = frame.height - frame.top - frame.bottom;
  return {
    ticks,
    y: (value) => frame.top + innerHeight * (1 - (value - bottom) / (top - bottom)),
    // A single reading stands in the middle.
    x: (atMs) => frame.left + innerWidth * (to === from ? 0.5 : (atMs - from) / (to - from)),
  };
}

/** 1, 2, 5, 10, 20, 50 …: the first that is not below. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}
