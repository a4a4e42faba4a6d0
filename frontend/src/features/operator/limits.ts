import { formatBinary, formatMoney, formatNumber } from "@/lib/format";
import type { Limits } from "./queries";

export type LimitName = keyof Limits;

interface Limit {
  name: LimitName;
  label: string;
  /** What the field counts in. */
  unit: number;
  format: (value: number) => string;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export const LIMITS: readonly Limit[] = [
  {
    name: "requests_per_minute",
    label: "Requests a minute",
    unit: 1,
    format: formatNumber,
  },
  {
    name: "concurrent_requests",
    label: "Requests at the same moment",
    unit: 1,
    format: formatNumber,
  },
  {
    name: "progress_streams",
    label: "Open streams of progress",
    unit: 1,
    format: formatNumber,
  },
  {
    name: "model_budget_usd",
    label: "Budget for models in a month, $",
    unit: 1,
    format: formatMoney,
  },
  {
    name: "vector_bytes",
    label: "Room for documents’ vectors, GiB",
    unit: GIB,
    format: formatBinary,
  },
  {
    name: "query_cache_bytes",
    label: "Room for kept answers, MiB",
    unit: MIB,
    format: formatBinary,
  },
  {
    name: "connections",
    label: "Database connections",
    unit: 1,
    format: formatNumber,
  },
  {
    name: "connection_overflow",
    label: "More, while others leave some",
    unit: 1,
    format: formatNumber,
  },
];

/** What a field shows of a limit; nothing where the tier's holds. */
export function shown(limits: Limits, { name, unit }: Limit): string {
  const value = limits[name];
  return value === null || value === undefined ? "" : String(value / unit);
}

/**
 * The limits that differ from those that are set; an emptied field gives the limit back to the tier.
 * What is no number goes as it was typed, for the server to say so at its field.
 */
export function changes(before: Limits, typed: Readonly<Record<string, string>>): Partial<Limits> {
  const found: [LimitName, unknown][] = [];
  for (const limit of LIMITS) {
    const { name, unit } = limit;
    const text = (typed[`limits.${name}`] ?? "").trim().replaceAll(",", "");
    if (text === shown(before, limit)) continue;
    const value = Number(text) * unit;
    const whole = unit === 1 ? value : Math.round(value);
    found.push([name, text === "" ? null : Number.isFinite(value) ? whole : text]);
  }
  return Object.fromEntries(found);
}
