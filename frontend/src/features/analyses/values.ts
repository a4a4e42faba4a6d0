import type { components } from "@/api/schema";

export type Cell = components["schemas"]["TableCell"];

/** Below this a value is worth a second look. */
const LOW = 0.6;

/** A normalised value in words. */
export function cellText({ value }: Cell): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object") {
    return Object.values(value)
      .filter((part) => part !== null)
      .join(" ");
  }
  return String(value);
}

export function isLow({ confidence }: Cell): boolean {
  return confidence !== null && confidence < LOW;
}
