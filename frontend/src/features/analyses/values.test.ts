import { describe, expect, it } from "vitest";
import { cellText, isLow, type Cell } from "./values";

const cell = (given: Partial<Cell>): Cell => ({
  value: "",
  text: null,
  document_id: null,
  page: null,
  start: null,
  end: null,
  quote: null,
  confidence: null,
  ...given,
});

describe("cellText", () => {
  it.each([
    ["2016-11-02", "2016-11-02"],
    [0, "0"],
    [false, "No"],
    [["a", "b"], "a, b"],
    [{ amount: "12.50", currency: "USD" }, "12.50 USD"],
    [{ amount: "12.50", currency: null }, "12.50"],
  ])("writes %j as %s", (value, text) => {
    expect(cellText(cell({ value }))).toBe(text);
  });
});

describe("isLow", () => {
  it("takes an unknown confidence for nothing to doubt", () => {
    expect(isLow(cell({}))).toBe(false);
    expect(isLow(cell({ confidence: 0.59 }))).toBe(true);
    expect(isLow(cell({ confidence: 0.6 }))).toBe(false);
  });
});
