import { describe, expect, it } from "vitest";
import { excerptOf, runsOf } from "./words";

const marked = (passage: string, query: string) =>
  runsOf(passage, query)
    .filter(({ found }) => found)
    .map(({ text }) => text);

describe("the words that are marked", () => {
  it("are whole words in any case", () => {
    expect(runsOf("Net sales; NETWORK", "net SALES (")).toEqual([
      { text: "Net", found: true },
      { text: " ", found: false },
      { text: "sales", found: true },
      { text: "; NETWORK", found: false },
    ]);
  });

  it("may end otherwise than the query's", () => {
    const passage = "They repurchased shares; the repurchase policies stay.";
    expect(marked(passage, "repurchases share policy")).toEqual([
      "repurchased",
      "shares",
      "repurchase",
      "policies",
    ]);
  });

  it("leave out what every passage has, unless nothing else is asked", () => {
    expect(marked("The terms of the lease", "what are the terms of it")).toEqual(["terms"]);
    expect(marked("To be or not to be", "to be")).toEqual(["To", "be", "to", "be"]);
  });

  it("lose nothing of the passage", () => {
    const passage = "Größe 12,5 %\nund <b>mehr</b> 📈";
    expect(
      runsOf(passage, "größe mehr 5")
        .map(({ text }) => text)
        .join(""),
    ).toBe(passage);
  });
});

describe("the excerpt", () => {
  const passage = `${"filler words here ".repeat(30)}the notice period is ninety days ${"and so on ".repeat(30)}`;

  it("is the passage itself where that is short, in one line", () => {
    expect(excerptOf("Short\nlines.\n", "anything", 100)).toBe("Short lines.");
  });

  it("is where the query's words stand, cut between words", () => {
    const excerpt = excerptOf(passage, "notice period", 120);
    expect(excerpt).toMatch(/^… .*the notice period is ninety days.* …$/);
    expect(excerpt.length).toBeLessThan(126);
    expect(passage).toContain(excerpt.slice(2, -2));
  });

  it("is the beginning where no word stands", () => {
    expect(excerptOf(passage, "zebra", 60)).toMatch(/^filler words here .* …$/);
  });
});
