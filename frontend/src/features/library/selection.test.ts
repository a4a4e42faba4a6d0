import { describe, expect, it } from "vitest";
import { toggled } from "./selection";

const LIST = ["a", "b", "c", "d"];

describe("toggled", () => {
  it("chooses and drops one", () => {
    expect(toggled(LIST, new Set(), "b", null)).toEqual(new Set(["b"]));
    expect(toggled(LIST, new Set(["b"]), "b", null)).toEqual(new Set());
  });

  it("chooses a range in either direction", () => {
    expect(toggled(LIST, new Set(["b"]), "d", "b")).toEqual(new Set(["b", "c", "d"]));
    expect(toggled(LIST, new Set(["d"]), "b", "d")).toEqual(new Set(["b", "c", "d"]));
  });

  it("drops a range that ends in a chosen one", () => {
    expect(toggled(LIST, new Set(LIST), "c", "a")).toEqual(new Set(["d"]));
  });

  it("takes one where the start of the range is gone", () => {
    expect(toggled(LIST, new Set(), "c", "gone")).toEqual(new Set(["c"]));
  });
});
