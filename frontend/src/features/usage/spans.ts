export type Granularity = "hour" | "day";

export interface Span {
  value: string;
  label: string;
  hours: number;
  granularity: Granularity;
}

export const SPANS = [
  { value: "day", label: "24 hours", hours: 24, granularity: "hour" },
  { value: "week", label: "7 days", hours: 7 * 24, granularity: "day" },
  { value: "month", label: "30 days", hours: 30 * 24, granularity: "day" },
  { value: "quarter", label: "90 days", hours: 90 * 24, granularity: "day" },
] as const satisfies readonly Span[];

export type SpanName = (typeof SPANS)[number]["value"];

const HOUR = 3_600_000;
const HOUR_LABEL = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit" });
const DAY_LABEL = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  timeZone: "UTC",
});

/** The API leaves out what nothing happened in; a chart must not. Starts are in UTC. */
export function starts(span: Span, now = Date.now()): string[] {
  const step = span.granularity === "hour" ? HOUR : 24 * HOUR;
  const last = Math.floor(now / step) * step;
  const count = span.granularity === "hour" ? span.hours : span.hours / 24;
  return Array.from({ length: count }, (_, index) =>
    new Date(last - (count - 1 - index) * step).toISOString(),
  );
}

export function labelOf(start: string, granularity: Granularity): string {
  return (granularity === "hour" ? HOUR_LABEL : DAY_LABEL).format(new Date(start));
}

export function since(span: Span, now = Date.now()): string {
  return starts(span, now)[0] ?? new Date(now).toISOString();
}
