import { useId, useState, type KeyboardEvent, type PointerEvent } from "react";
import { cx } from "@/lib/cx";

export interface Series {
  name: string;
  /** One value for each label. */
  values: readonly number[];
}

interface ChartProps {
  title: string;
  /** What is counted. */
  note?: string;
  labels: readonly string[];
  /** Drawn upon each other; one of them is the plain case. */
  series: readonly Series[];
  format: (value: number) => string;
}

const WIDTH = 600;
const HEIGHT = 150;
const TICKS = 3;
/** Each part has a shade and a pattern of its own: colour alone tells nothing to some. */
const FILLS = ["fill-accent", "fill-evidence-line", "fill-line-strong", "fill-ok"];
const MARKS = ["bg-accent", "bg-evidence-line", "bg-line-strong", "bg-ok"];

/** Bars over time. The pointer or the arrow keys choose a bar, whose figures are told above. */
export function Chart({ title, note, labels, series, format }: ChartProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const heading = useId();
  const sums = labels.map((_, at) => total(series, at));
  const top = ceiling(Math.max(0, ...sums));
  const at = chosen ?? -1;

  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setChosen(clamp(Math.floor(((event.clientX - left) / width) * labels.length), labels.length));
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setChosen(clamp((chosen ?? (by > 0 ? -1 : labels.length)) + by, labels.length));
  };

  return (
    <figure
      className="flex flex-col rounded-lg border border-line bg-surface p-4"
      aria-labelledby={heading}
    >
      <figcaption className="mb-3 flex flex-1 flex-wrap content-start items-baseline justify-between gap-x-4">
        <span id={heading} className="font-medium">
          {title}
        </span>
        <span className="text-sm text-muted tabular-nums" aria-live="polite">
          {at >= 0
            ? `${labels[at] ?? ""}: ${told(series, at, format)}`
            : `${format(sums.reduce((sum, each) => sum + each, 0))} in all`}
        </span>
        {note && <span className="basis-full text-sm text-muted">{note}</span>}
      </figcaption>
      <div className="flex gap-2">
        <div className="flex h-[150px] flex-col justify-between text-right text-xs text-muted tabular-nums">
          {Array.from({ length: TICKS }, (_, tick) => (
            <span key={tick} className="-my-2">
              {(top > 0 || tick === TICKS - 1) && format((top * (TICKS - 1 - tick)) / (TICKS - 1))}
            </span>
          ))}
        </div>
        <svg
          role="slider"
          aria-label={`${title}: choose a bar with the arrow keys`}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, labels.length - 1)}
          aria-valuenow={Math.max(0, at)}
          aria-valuetext={at >= 0 ? `${labels[at] ?? ""}: ${told(series, at, format)}` : "none"}
          tabIndex={0}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="h-[150px] min-w-0 flex-1 touch-pan-y"
          onPointerMove={point}
          onPointerLeave={() => setChosen(null)}
          onKeyDown={step}
          onBlur={() => setChosen(null)}
        >
          {[0, 0.5, 1].map((share) => (
            <line
              key={share}
              x1={0}
              x2={WIDTH}
              y1={HEIGHT * share}
              y2={HEIGHT * share}
              className="stroke-line"
              vectorEffect="non-scaling-stroke"
            />
          ))}
          {labels.map((label, bar) => (
            <Bar
              key={label}
              series={series}
              at={bar}
              top={top}
              width={WIDTH / labels.length}
              dimmed={at >= 0 && at !== bar}
            />
          ))}
        </svg>
      </div>
      <div className="mt-1 flex justify-between pl-10 text-xs text-muted">
        <span>{labels[0]}</span>
        <span>{labels.length > 1 && labels[labels.length - 1]}</span>
      </div>
      {series.length > 1 && <Legend series={series} />}
    </figure>
  );
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <ul className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
      {series.map(({ name }, index) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden className={cx("size-2.5 rounded-sm", MARKS[index % MARKS.length])} />
          {name}
        </li>
      ))}
    </ul>
  );
}

interface BarProps {
  series: readonly Series[];
  at: number;
  top: number;
  width: number;
  dimmed: boolean;
}

function Bar({ series, at, top, width, dimmed }: BarProps) {
  const gap = Math.min(3, width * 0.2);
  return (
    <g className={cx("transition-opacity", dimmed && "opacity-40")}>
      {series.map(({ name, values }, index) => {
        const scale = top === 0 ? 0 : HEIGHT / top;
        const height = (values[at] ?? 0) * scale;
        const y = HEIGHT - total(series.slice(0, index), at) * scale - height;
        return (
          <rect
            key={name}
            x={at * width + gap / 2}
            y={y}
            width={Math.max(0.5, width - gap)}
            height={height}
            className={FILLS[index % FILLS.length]}
          />
        );
      })}
    </g>
  );
}

function total(series: readonly Series[], at: number): number {
  return series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
}

function told(series: readonly Series[], at: number, format: (value: number) => string): string {
  if (series.length === 1) return format(total(series, at));
  const parts = series
    .filter(({ values }) => (values[at] ?? 0) > 0)
    .map(({ name, values }) => `${name} ${format(values[at] ?? 0)}`);
  return [format(total(series, at)), ...parts].join(" · ");
}

function clamp(index: number, length: number): number {
  return Math.min(Math.max(0, index), length - 1);
}

/** The next round figure: 1, 2 or 5 times a power of ten. */
export function ceiling(value: number): number {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((each) => each * power >= value) ?? 10) * power;
}
