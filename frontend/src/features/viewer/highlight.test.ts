import { expect, it } from "vitest";
import { cut } from "./highlight";

it("counts code points, as the API does", () => {
  expect(cut("📈 Sales rose", 2, 7)).toEqual(["📈 ", "Sales", " rose"]);
});

it("takes an end behind the text", () => {
  expect(cut("short", 2, 99)).toEqual(["sh", "ort", ""]);
});
