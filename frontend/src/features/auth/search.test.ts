import { describe, expect, it } from "vitest";
import { nextPath, signInSearch } from "./search";

describe("signInSearch", () => {
  it("keeps a path of the application", () => {
    expect(signInSearch({ next: "/library?status=failed" })).toEqual({
      next: "/library?status=failed",
    });
  });

  it.each([
    "https://example.com/",
    "//example.com/",
    "/\\example.com",
    "/\t/example.com",
    "/\n/example.com",
    "/\t/[",
    "javascript:alert(1)",
    "library",
    7,
  ])("drops %j, in the address and where it is followed", (next) => {
    expect(signInSearch({ next })).toEqual({ next: undefined });
    expect(nextPath({ next: String(next) })).toBe("/");
  });
});
