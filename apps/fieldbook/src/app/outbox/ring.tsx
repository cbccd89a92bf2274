interface RingProps {
  readonly done: number;
  readonly all: number;
  readonly size: number;
}

/** A ring that fills. Decoration beside the numbers in words. */
export function Ring({ done, all, size }: RingProps) {
  const stroke = size > 40 ? 8 : 4;
  const radius = (size - stroke) / 2;
  const length = 2 * Math.PI * radius;
  const share = all === 0 ? 0 : done / all;
  const circle = { cx: size / 2, cy: size / 2, r: radius, fill: 'none', strokeWidth: stroke };
  return (
    <svg className="ring" width={size} height={size} viewBox={`0 0 ${size} ${size}`} aria-hidden="true">
      <circle {...circle} className="ring-track" />
      {share > 0 ? (
        <circle
          {...circle}
          className="ring-done"
          strokeDasharray={`${share * length} ${length}`}
          strokeLinecap={share < 1 ? 'round' : 'butt'}
          transform={`rotate(-90 ${size / 2} ${size / 2})`}
        />
      ) : null}
    </svg>
  );
}
