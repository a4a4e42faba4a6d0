import { expect, it } from "vitest";
import { asText, piecesOf, saysWordForWord } from "./answer";

const citation = {
  number: 1,
  document_id: "d",
  document_name: "report.pdf",
  page: 3,
  start: 0,
  end: 5,
  quote: "Sales rose",
};

it("parts an answer at the marks of its citations", () => {
  expect(piecesOf("Sales rose [1]. So it says.", [citation])).toEqual([
    "Sales rose ",
    citation,
    ". So it says.",
  ]);
});

it("leaves a mark that names no citation as text", () => {
  expect(piecesOf("Note [7]", [citation])).toEqual(["Note ", "[7]"]);
});

it("copies the sources along", () => {
  expect(asText("Up [1].", [citation])).toBe("Up [1].\n\n[1] report.pdf, page 3: “Sales rose”");
});

it("knows a quote again whose lines break elsewhere", () => {
  expect(saysWordForWord("“Sales rose by\n8%.” [1]", "Sales rose\nby 8%.")).toBe(true);
  expect(saysWordForWord("Sales went up [1].", "Sales rose by 8%.")).toBe(false);
});
