import { expect, test } from "vitest";
import { sentence } from "./sentences";

test("a known event is a sentence with what can be read of its details", () => {
  expect(sentence("member.role_changed", { before: "member", after: "admin" })).toBe(
    "A member's role was changed: member → admin",
  );
});

test("an event that this version does not know keeps its name", () => {
  expect(sentence("comet.seen", { size: 3 })).toBe("comet.seen");
});
