import { expect, it } from "vitest";
import { pendingOf, withPending, type Turn } from "./thread";

function turn(question: string, state: Turn["state"]): Turn {
  return {
    id: question,
    question,
    answer: `so ${question}`,
    state,
    citations: [],
    answered: true,
    degraded: false,
    model: null,
    usage: null,
    problem: null,
  };
}

it("puts each question without an answer back into its place", () => {
  const turns = [turn("a", "failed"), turn("b", "done"), turn("c", "stopped"), turn("d", "asking")];
  const pending = pendingOf(turns);
  expect(pending.map(({ question, after }) => [question, after])).toEqual([
    ["a", 0],
    ["c", 1],
    ["d", 1],
  ]);
  const again = withPending([turn("b", "done")], pending);
  expect(again.map(({ question, state }) => [question, state])).toEqual([
    ["a", "stopped"],
    ["b", "done"],
    ["c", "stopped"],
    ["d", "stopped"],
  ]);
  expect(again[2]?.answer).toBe("so c");
});

it("does not show a question twice whose answer was kept unseen", () => {
  const pending = pendingOf([turn("a", "done"), turn("b", "stopped")]);
  const kept = [turn("a", "done"), turn("b", "done")];
  expect(withPending(kept, pending)).toEqual(kept);
});

it("shows what is left although the conversation is shorter by now", () => {
  const pending = pendingOf([turn("a", "done"), turn("b", "failed")]);
  expect(withPending([], pending).map(({ question }) => question)).toEqual(["b"]);
});
