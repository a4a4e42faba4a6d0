const NUMBER = new Intl.NumberFormat("en");
const DATE = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const DATE_TIME = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = ["B", "KB", "MB", "GB", "TB"];
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function formatNumber(value: number): string {
  return NUMBER.format(value);
}

/** `1 document`, `2 documents`. */
export function formatCount(value: number, noun: string, plural = `${noun}s`): string {
  return `${NUMBER.format(value)} ${value === 1 ? noun : plural}`;
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
  const digits = amount !== 0 && amount < 0.1 ? 4 : 2;
  const figures = amount.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${dollars < 0 ? "−" : ""}$${figures}`;
}

export function formatDate(time: string): string {
  return DATE.format(new Date(time));
}

export function formatDateTime(time: string): string {
  return DATE_TIME.format(new Date(time));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
];

/** `now`, `5 minutes ago`, and a date for what is older than a week. */
export function formatAgo(time: string, now = Date.now()): string {
  let value = Math.round((now - Date.parse(time)) / 1000);
  if (value < 10) return "just now";
  for (const [unit, size] of STEPS) {
    if (value < size) return RELATIVE.format(-value, unit);
    value = Math.floor(value / size);
  }
  return formatDate(time);
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
