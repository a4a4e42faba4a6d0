import { describe, expect, it } from "vitest";
import { formatAgo, formatMoney } from "@/lib/format";

const NOW = Date.parse("2026-03-15T12:00:00Z");
const DAY = 86_400;

describe("formatAgo", () => {
  it.each([
    [-5, "just now"],
    [9, "just now"],
    [10, "10 seconds ago"],
    [60, "1 minute ago"],
    [3599, "59 minutes ago"],
    [3600, "1 hour ago"],
    [DAY, "yesterday"],
    [6 * DAY, "6 days ago"],
    [7 * DAY, "Mar 8, 2026"],
  ])("says of %i seconds: %s", (seconds, said) => {
    expect(formatAgo(new Date(NOW - seconds * 1000).toISOString(), NOW)).toBe(said);
  });
});

describe("formatMoney", () => {
  it.each([
    [0, "$0.00"],
    [0.0123, "$0.0123"],
    [0.1, "$0.10"],
    [-1234.5, "−$1,234.50"],
  ])("writes %d as %s", (dollars, written) => {
    expect(formatMoney(dollars)).toBe(written);
  });
});
