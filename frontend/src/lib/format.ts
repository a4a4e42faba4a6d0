import { once } from "@/lib/once";

// A formatter takes milliseconds to make, so each is made when it is first needed.
const number = once(() => new Intl.NumberFormat("en"));
const money = once(() => fixed(2));
const smallMoney = once(() => fixed(4));
const date = once(() => new Intl.DateTimeFormat("en", { dateStyle: "medium" }));
const dateTime = once(
  () => new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }),
);
const UNITS = ["B", "KB", "MB", "GB", "TB"];
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function formatNumber(value: number): string {
  return number().format(value);
}

/** `1 document`, `2 documents`. */
export function formatCount(value: number, noun: string, plural = `${noun}s`): string {
  return `${number().format(value)} ${value === 1 ? noun : plural}`;
}

/** Decimal units, as file managers and disks count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** Binary units, in which limits are given. */
export function formatBinary(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${Number(value.toFixed(digits))} ${BINARY_UNITS[unit] ?? ""}`;
}

export function formatPercent(share: number): string {
  return `${Math.floor(share * 100)}%`;
}

/** US dollars; small amounts keep the digits that tell something. */
export function formatMoney(dollars: number): string {
  const amount = Math.abs(dollars);
  const format = amount !== 0 && amount < 0.1 ? smallMoney() : money();
  return `${dollars < 0 ? "−" : ""}$${format.format(amount)}`;
}

function fixed(digits: number): Intl.NumberFormat {
  return new Intl.NumberFormat("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

export function formatDate(time: string): string {
  return date().format(new Date(time));
}

export function formatDateTime(time: string): string {
  return dateTime().format(new Date(time));
}

const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
] as const;

/** `just now`, `5 minutes ago`, `yesterday`, and a date for what is older than a week. */
export function formatAgo(time: string, now = Date.now()): string {
  let value = Math.round((now - Date.parse(time)) / 1000);
  if (value < 10) return "just now";
  for (const [unit, size] of STEPS) {
    if (value < size) return ago(value, unit);
    value = Math.floor(value / size);
  }
  return formatDate(time);
}

// By hand: `Intl.RelativeTimeFormat` costs a phone 40 ms when the first row is drawn.
function ago(value: number, unit: string): string {
  return value === 1 && unit === "day" ? "yesterday" : `${formatCount(value, unit)} ago`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
