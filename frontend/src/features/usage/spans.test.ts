import { expect, test } from "vitest";
import { SPANS, starts } from "./spans";

const NOW = Date.parse("2026-03-01T10:30:00Z");

test("hours reach to the present one", () => {
  const hours = starts(SPANS[0], NOW);
  expect(hours).toHaveLength(24);
  expect(hours[0]).toBe("2026-02-28T11:00:00.000Z");
  expect(hours[23]).toBe("2026-03-01T10:00:00.000Z");
});

test("days reach to today", () => {
  const days = starts(SPANS[1], NOW);
  expect(days).toHaveLength(7);
  expect(days[6]).toBe("2026-03-01T00:00:00.000Z");
});
