import { useLayoutEffect, useRef, useState } from 'react';
import { sayDay } from '../dates.ts';
import { messages } from '../messages.ts';
import { type Scale, scaleOf } from './chart-scale.ts';
import type { Reading } from './readings.ts';

const m = messages.chart;
const HEIGHT_PX = 168;

export interface ChartProps {
  readonly title: string;
  /** Oldest first; one line a value. At least one. */
  readonly readings: readonly Reading[];
  /** What each line shows, where there are several. */
  readonly lines?: readonly string[];
  /** What the scale covers at least, in the readings' unit. */
  readonly leastSpan: number;
  /** Usual ranges, shaded. */
  readonly bands?: readonly { readonly from: number; readonly to: number }[];
}

/** Readings over time as lines, with the same numbers as a table behind them. */
export function Chart({ title, readings, leastSpan, lines = [], bands = [] }: ChartProps) {
  const { frame, ref } = useFrame(lines.length > 0 ? 52 : 16);
  const values = [...readings.flatMap((reading) => reading.values), ...bands.flatMap(({ from, to }) => [from, to])];
  const scale = scaleOf(
    values,
    readings.map(({ atMs }) => atMs),
    leastSpan,
    frame,
  );
  const first = readings[0];
  const last = readings.at(-1);
  if (!first || !last) return null;
  const [from, to] = [sayDay(new Date(first.atMs)), sayDay(new Date(last.atMs))];
  return (
    <figure className="chart">
      <figcaption>
        <span className="chart-title">{title}</span>
        <span className="chart-latest">{last.text}</span>
      </figcaption>
      <div ref={ref}>
        <svg
          role="img"
          aria-label={m.summary(title, readings.length, from, to, last.text)}
          width={frame.width}
          height={frame.height}
          viewBox={`0 0 ${frame.width} ${frame.height}`}
        >
          {bands.map((band) => (
            <rect
              key={band.from}
              className="chart-band"
              x={frame.left}
              width={frame.width - frame.left - frame.right}
              y={scale.y(band.to)}
              height={scale.y(band.from) - scale.y(band.to)}
            />
          ))}
          {scale.ticks.map((tick) => (
            <g key={tick} className="chart-tick">
              <line x1={frame.left} x2={frame.width - frame.right} y1={scale.y(tick)} y2={scale.y(tick)} />
              <text x={frame.left - 8} y={scale.y(tick) + 4} textAnchor="end">
                {tick}
              </text>
            </g>
          ))}
          {last.values.map((value, line) => (
            <g key={lines[line] ?? title} className="chart-line" data-line={line}>
              <polyline points={pointsOf(readings, line, scale)} />
              {readings.map(({ id, atMs, values: at }) => (
                <circle key={id} cx={scale.x(atMs)} cy={scale.y(at[line] ?? 0)} r="3.5" />
              ))}
              {lines[line] ? (
                <text x={frame.width - frame.right + 10} y={scale.y(value) + 5}>
                  {lines[line]}
                </text>
              ) : null}
            </g>
          ))}
          <g className="chart-days">
            <text x={frame.left} y={frame.height - 4}>
              {from}
            </text>
            {readings.length > 1 ? (
              <text x={frame.width - frame.right} y={frame.height - 4} textAnchor="end">
                {to}
              </text>
            ) : null}
          </g>
        </svg>
      </div>
      {bands.length > 0 ? (
        <p className="chart-key">
          <span className="chart-swatch" aria-hidden="true" />
          {m.normalBand}
        </p>
      ) : null}
      <ReadingsTable title={title} readings={readings} />
    </figure>
  );
}

function ReadingsTable({ title, readings }: Pick<ChartProps, 'title' | 'readings'>) {
  return (
    <details className="chart-table">
      <summary>{m.showTable}</summary>
      <table>
        <caption className="hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{m.day}</th>
            <th scope="col">{m.value}</th>
          </tr>
        </thead>
        <tbody>
          {readings.toReversed().map(({ id, atMs, text }) => (
            <tr key={id}>
              <td>{sayDay(new Date(atMs))}</td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function pointsOf(readings: readonly Reading[], line: number, scale: Scale): string {
  return readings.map(({ atMs, values }) => `${scale.x(atMs)},${scale.y(values[line] ?? 0)}`).join(' ');
}

/** The chart is drawn in real pixels, so that its words keep their size on every screen. */
function useFrame(right: number) {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(200, Math.floor(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, frame: { width, height: HEIGHT_PX, left: 36, right, top: 12, bottom: 28 } };
}
