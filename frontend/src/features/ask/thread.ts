import { apiFetch } from "@/api/client";
import { problemFrom, toProblem, unreachable, type Problem } from "@/api/problem";
import type { components } from "@/api/schema";
import { getSession, subscribeSession } from "@/api/session";
import { newId } from "@/lib/ids";
import { serverEvents } from "@/lib/sse";
import { createStore } from "@/lib/store";
import { FRESH, keep, kept, type Pending, type Unsent } from "./pending";

type Schemas = components["schemas"];
export type Citation = Schemas["Citation"];
type Answer = Schemas["AskResponse"];
type Message = Schemas["Message"];

export interface Turn {
  id: string;
  question: string;
  answer: string;
  state: "asking" | "done" | "stopped" | "failed";
  citations: readonly Citation[];
  answered: boolean;
  degraded: boolean;
  model: string | null;
  usage: Schemas["Usage"] | null;
  problem: Problem | null;
}

/** Where the answer is looked for; nothing chosen means everywhere. */
export interface Scope {
  documents: readonly { id: string; name: string }[];
  collections: readonly { id: string; name: string }[];
}

interface Thread {
  conversationId: string | null;
  /** Begun on this page and without an address yet. */
  fresh: boolean;
  turns: readonly Turn[];
}

const EMPTY: Thread = { conversationId: null, fresh: true, turns: [] };

// Outside the page: an answer goes on, and what was typed stays, while a person looks elsewhere.
export const thread = createStore<Thread>(EMPTY);
export const draft = createStore("");
export const scope = createStore<Scope>({ documents: [], collections: [] });
let running: AbortController | null = null;
let pending: Unsent["pending"] = {};
let restored = false;

export function beginAnew(): void {
  running?.abort();
  thread.set(EMPTY);
}

export function stop(): void {
  running?.abort();
}

/** A kept conversation's messages, two by two. */
export function turnsOf(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (message.role === "user") {
      turns.push({ ...blank(message.content), id: message.id, state: "stopped" });
    } else if (last) {
      turns[turns.length - 1] = {
        ...last,
        state: "done",
        answer: message.content,
        citations: message.citations,
        answered: message.answered !== false,
        degraded: message.degraded,
        model: message.model,
        usage: message.usage,
      };
    }
  }
  return turns;
}

/** The conversation with the questions in their places that got no answer. */
export function turnsWithPending(
  messages: readonly Message[],
  conversationId: string | undefined,
): Turn[] {
  return withPending(turnsOf(messages), pending[conversationId ?? FRESH] ?? []);
}

export function withPending(turns: readonly Turn[], waiting: readonly Pending[]): Turn[] {
  // One whose answer came after all, unseen, stands among the others.
  const open = waiting.filter(({ question, after }) => turns[after]?.question !== question);
  const at = (place: number) =>
    open
      .filter(({ after }) => Math.min(after, turns.length) === place)
      .map(({ id, question, answer }): Turn => {
        return { ...blank(question), id, answer, state: "stopped" };
      });
  return [...turns.flatMap((turn, place) => [...at(place), turn]), ...at(turns.length)];
}

export function pendingOf(turns: readonly Turn[]): Pending[] {
  let after = 0;
  return turns.flatMap(({ id, question, answer, state }) => {
    if (state !== "done") return [{ id, question, answer, after }];
    after += 1;
    return [];
  });
}

/** Asks, after `before`, in the conversation that is shown; the answer grows in `thread`. */
export async function ask(
  question: string,
  before: { conversationId: string | null; turns: readonly Turn[] },
): Promise<void> {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const turn = blank(question);
  thread.set({
    conversationId: before.conversationId,
    fresh: before.conversationId === null,
    turns: [...before.turns, turn],
  });
  const change = (next: (turn: Turn) => Partial<Turn>) => {
    thread.set((now) => ({
      ...now,
      turns: now.turns.map((each) => (each.id === turn.id ? { ...each, ...next(each) } : each)),
    }));
  };
  try {
    const answer = await stream(question, before.conversationId, mine.signal, (text) =>
      change((now) => ({ answer: now.answer + text })),
    );
    if (!thread.get().turns.some((each) => each.id === turn.id)) return;
    change(() => ({
      state: "done",
      answer: answer.answer,
      citations: answer.citations,
      answered: answer.answered,
      degraded: answer.degraded,
      model: answer.model,
      usage: answer.usage,
    }));
    thread.set((now) => ({ ...now, conversationId: answer.conversation_id }));
  } catch (error) {
    if (mine.signal.aborted) change(() => ({ state: "stopped" }));
    else change(() => ({ state: "failed", problem: toProblem(error) }));
  } finally {
    if (running === mine) running = null;
  }
}

async function stream(
  question: string,
  conversationId: string | null,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<Answer> {
  const { documents, collections } = scope.get();
  const response = await apiFetch(
    new Request(new URL("/v1/ask", location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({
        question,
        stream: true,
        conversation_id: conversationId,
        document_ids: documents.length > 0 ? documents.map(({ id }) => id) : null,
        collection_ids: collections.length > 0 ? collections.map(({ id }) => id) : null,
      }),
      signal,
    }),
  );
  if (!response.ok) throw problemFrom(response, await response.json().catch(() => null));
  if (!response.body) throw unreachable();
  try {
    for await (const { event, data } of serverEvents(response.body)) {
      const told: unknown = JSON.parse(data);
      if (event === "delta") onText((told as { text: string }).text);
      if (event === "done") return told as Answer;
      if (event === "error") {
        const { status = 500 } = told as { status?: number };
        throw problemFrom({ status, headers: new Headers() }, told);
      }
    }
  } catch (error) {
    // The reader fails with a TypeError when the connection breaks.
    if (error instanceof TypeError && !signal.aborted) throw unreachable();
    throw error;
  }
  throw unreachable();
}

function blank(question: string): Turn {
  return {
    id: newId(),
    question,
    answer: "",
    state: "asking",
    citations: [],
    answered: true,
    degraded: false,
    model: null,
    usage: null,
    problem: null,
  };
}

function store(): void {
  if (restored) keep({ draft: draft.get(), pending });
}

/** Takes up what an earlier look of this person at the page left without an answer. */
function restore(): void {
  const { status } = getSession();
  if (restored || status !== "signed-in") return;
  const left = kept();
  if (left) {
    pending = left.pending;
    draft.set(left.draft);
    thread.set({ ...EMPTY, turns: withPending([], pending[FRESH] ?? []) });
  }
  restored = true;
}

restore();
draft.subscribe(store);
thread.subscribe(() => {
  if (!restored) return;
  const { conversationId, fresh, turns } = thread.get();
  if (fresh) pending = { ...pending, [FRESH]: [] };
  pending = { ...pending, [conversationId ?? FRESH]: pendingOf(turns) };
  store();
});
subscribeSession(() => {
  restore();
  if (getSession().status !== "signed-out") return;
  restored = false;
  pending = {};
  beginAnew();
  draft.set("");
  scope.set({ documents: [], collections: [] });
});
