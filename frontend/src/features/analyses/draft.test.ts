import { describe, expect, it } from "vitest";
import { bodyOf, emptyDraft, faultsOf, newField, newLabel, pastedFields, withSpec } from "./draft";

const draft = (part: Partial<ReturnType<typeof emptyDraft>>) => ({ ...emptyDraft(), ...part });

describe("pastedFields", () => {
  it("takes a name a line, without the list's marks, each once", () => {
    const names = pastedFields("- Date\n2. Make, model\n\n* date\n Registration ").map(
      (each) => each.name,
    );
    expect(names).toEqual(["Date", "Make, model", "Registration"]);
  });
  it("takes cells of a spreadsheet's row, and words between commas", () => {
    expect(pastedFields("Date\tPlace").map((each) => each.name)).toEqual(["Date", "Place"]);
    expect(pastedFields("Date, Place").map((each) => each.name)).toEqual(["Date", "Place"]);
  });
  it("reads a type behind a colon, and nothing else there", () => {
    const found = pastedFields("Filed on: date\nFine: Money\nRatio 1:2\nTime: local");
    expect(found.map(({ name, type }) => [name, type])).toEqual([
      ["Filed on", "date"],
      ["Fine", "money"],
      ["Ratio 1:2", "text"],
      ["Time: local", "text"],
    ]);
  });
});

describe("faultsOf", () => {
  it("names what the server would refuse, at its field", () => {
    const fields = [
      newField({ name: "Date" }),
      newField({ name: " date" }),
      newField(),
      newField({ name: "Kind", type: "choice", options: "one" }),
    ];
    expect(Object.keys(faultsOf(draft({ fields }))).sort()).toEqual([
      "collection_id",
      "fields.1.name",
      "fields.2.name",
      "fields.3",
    ]);
  });
  it("wants two documents to compare, and two labels", () => {
    const documents = [{ id: "a", name: "a" }];
    expect(faultsOf(draft({ kind: "compare", from: "documents", documents }))).toHaveProperty(
      "document_ids",
    );
    const labels = [newLabel({ name: "One" })];
    expect(faultsOf(draft({ kind: "classify", labels }))).toHaveProperty("labels");
  });
});

describe("bodyOf", () => {
  it("sends only what belongs to the kind", () => {
    const body = bodyOf(
      draft({ kind: "compare", topics: "Liability\n\n Notice ", focus: "x", collection: "c" }),
    );
    expect(body).toEqual({
      kind: "compare",
      instructions: "",
      topics: ["Liability", "Notice"],
      collection_id: "c",
    });
  });
  it("asks again what an earlier one asked, and keeps the rest that was typed", () => {
    const asked = bodyOf(
      draft({
        collection: "c",
        fields: [newField({ name: "K", type: "choice", options: "a, b" })],
      }),
    );
    const again = withSpec(draft({ topics: "typed" }), asked);
    expect(bodyOf({ ...again, collection: "c" })).toEqual(asked);
    expect(again.topics).toBe("typed");
  });
});
