import { describe, expect, it } from "vitest";
import { withDocuments, type DocumentPages } from "@/api/documents";
import type { Document } from "@/api/types";

function document(id: string, more: Partial<Document> = {}): Document {
  return {
    id,
    name: `${id}.pdf`,
    mime_type: "application/pdf",
    size_bytes: 1,
    sha256: "",
    collection_id: null,
    status: "processing",
    stage: "reading",
    progress: 0,
    error: null,
    pages: null,
    passages: null,
    created_at: `2026-01-0${id.at(-1) ?? "1"}T00:00:00Z`,
    ...more,
  };
}

function pages(...items: Document[][]): DocumentPages {
  return {
    pages: items.map((each, at) => ({
      items: each,
      next_cursor: at < items.length - 1 ? "c" : null,
    })),
    pageParams: items.map(() => null),
  };
}

const ids = (of: DocumentPages) => of.pages.map((page) => page.items.map(({ id }) => id));

describe("withDocuments", () => {
  it("puts a new state in the document's place", () => {
    const list = pages([document("d3"), document("d2")], [document("d1")]);
    const after = withDocuments(list, {}, [document("d1", { status: "ready" })]);
    expect(ids(after)).toEqual([["d3", "d2"], ["d1"]]);
    expect(after.pages[1]?.items[0]?.status).toBe("ready");
  });

  it("takes out what the filter no longer lets through, and brings in what it now does", () => {
    const reading = pages([document("d2")]);
    const ready = pages([document("d1", { status: "ready" })]);
    const change = [document("d2", { status: "ready" })];
    expect(ids(withDocuments(reading, { status: "processing" }, change))).toEqual([[]]);
    expect(ids(withDocuments(ready, { status: "ready" }, change))).toEqual([["d2", "d1"]]);
  });

  it("keeps documents of other names and collections out", () => {
    const list = pages([document("d1")]);
    const arrived = [document("d2", { collection_id: "c", name: "Plan.pdf" })];
    expect(ids(withDocuments(list, { collection: "other" }, arrived))).toEqual([["d1"]]);
    expect(ids(withDocuments(list, { q: "PLAN" }, arrived))).toEqual([["d2", "d1"]]);
  });

  it("leaves what is older than the first page to its own page", () => {
    const list = pages([document("d5"), document("d4")], [document("d3")]);
    expect(ids(withDocuments(list, {}, [document("d2")]))).toEqual([["d5", "d4"], ["d3"]]);
  });
});
