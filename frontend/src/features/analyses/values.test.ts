import { describe, expect, it } from "vitest";
import { cellText, EVERYTHING, isLow, shownRows, type Cell, type Row, type View } from "./values";

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

describe("shownRows", () => {
  const row = (name: string, cells: Row["cells"]): Row => ({
    document_id: name,
    document_name: name,
    cells,
  });
  const rows = [
    row("a.pdf", { Fine: cell({ value: { amount: "9.50", currency: "USD" }, confidence: 0.9 }) }),
    row("b.pdf", { Fine: null }),
    row("c.pdf", { Fine: cell({ value: { amount: "10.00", currency: "USD" }, confidence: 0.4 }) }),
  ];
  const names = (view: Partial<View>) =>
    shownRows(rows, ["Fine"], { ...EVERYTHING, ...view }).map((each) => each.document_name);

  it("orders amounts as numbers and keeps what was not found last", () => {
    expect(names({ sort: { column: "Fine", descending: false } })).toEqual([
      "a.pdf",
      "c.pdf",
      "b.pdf",
    ]);
    expect(names({ sort: { column: "Fine", descending: true } })).toEqual([
      "c.pdf",
      "a.pdf",
      "b.pdf",
    ]);
  });
  it("shows what lacks a value, what is doubtful, what has a word", () => {
    expect(names({ gap: "missing" })).toEqual(["b.pdf"]);
    expect(names({ gap: "low" })).toEqual(["c.pdf"]);
    expect(names({ text: "10.00 us" })).toEqual(["c.pdf"]);
    expect(names({ text: "A.PDF" })).toEqual(["a.pdf"]);
    expect(names({ only: { column: "Fine", text: "9.50 USD" } })).toEqual(["a.pdf"]);
  });
});
