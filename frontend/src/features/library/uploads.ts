import type { QueryClient } from "@tanstack/react-query";
import { collectionsQuery } from "@/api/collections";
import { noteDocuments } from "@/api/documents";
import { meQuery } from "@/api/me";
import { Problem, isTransient, toProblem } from "@/api/problem";
import { subscribeSession, getSession } from "@/api/session";
import type { Document } from "@/api/types";
import { uploadFiles } from "@/api/upload";
import { formatBytes } from "@/lib/format";
import { newId } from "@/lib/ids";
import { createStore, useStore } from "@/lib/store";

/** A file on its way into the library. */
export interface Upload {
  id: string;
  file: File;
  collection: string | null;
  state: "waiting" | "sending" | "sent" | "failed";
  /** Share of its bytes that have left. */
  progress: number;
  document: Document | null;
  problem: Problem | null;
  /** Sent by itself, since a request with others was refused and nobody knew for whose sake. */
  alone: boolean;
}

export const uploads = createStore<readonly Upload[]>([]);
/** How long sending rests, while the server or the network makes it wait. */
export const uploadsHeld = createStore<{ since: number; seconds: number } | null>(null);

/** Whether there is anything to tell about uploads. */
export function useUploading(): boolean {
  return useStore(uploads).length > 0;
}

const REQUESTS_AT_ONCE = 2;
// Small files share a request: a thousand notes must not use up the minute's requests.
const SMALL_BYTES = 512 * 1024;
const FILES_PER_REQUEST = 20;
const MOST_TRIES = 6;

let underWay = 0;
let cancelled = new AbortController();

subscribeSession(() => {
  if (getSession().status !== "signed-out") return;
  cancelled.abort();
  cancelled = new AbortController();
  uploads.set([]);
});

/** Takes files; they are sent one after another while the person goes on. */
export async function addUploads(
  client: QueryClient,
  files: readonly File[],
  collection: string | null,
): Promise<void> {
  const most = await client.query({ ...meQuery, staleTime: "static" }).then(
    (me) => me.limits.max_file_bytes,
    () => Infinity,
  );
  const added = files.map((file): Upload => {
    const problem = refusal(file, most);
    return {
      id: newId(),
      file,
      collection,
      state: problem ? "failed" : "waiting",
      progress: 0,
      document: null,
      problem,
      alone: false,
    };
  });
  uploads.set((all) => [...all, ...added]);
  pump(client);
}

export function retryUpload(client: QueryClient, id: string): void {
  change([id], { state: "waiting", progress: 0, problem: null, alone: true });
  pump(client);
}

export function clearUploads(): void {
  uploads.set((all) => all.filter((each) => each.state === "waiting" || each.state === "sending"));
}

function refusal(file: File, most: number): Problem | null {
  if (file.size === 0) return local("empty_file", "The file is empty.");
  if (file.size <= most) return null;
  return local(
    "too_large",
    `The file has ${formatBytes(file.size)}; up to ${formatBytes(most)} are taken.`,
  );
}

function local(code: string, detail: string): Problem {
  return new Problem({ status: 422, code, title: "Not uploaded", detail });
}

function pump(client: QueryClient): void {
  while (underWay < REQUESTS_AT_ONCE) {
    const batch = nextBatch(uploads.get());
    if (batch.length === 0) return;
    underWay += 1;
    change(idsOf(batch), { state: "sending" });
    void sendBatch(client, batch).finally(() => {
      underWay -= 1;
      pump(client);
    });
  }
}

/** The next file, and small ones that may go along. */
export function nextBatch(all: readonly Upload[]): Upload[] {
  const waiting = all.filter((each) => each.state === "waiting");
  const [first] = waiting;
  if (!first) return [];
  if (first.alone || first.file.size > SMALL_BYTES) return [first];
  const together = ({ alone, file, collection }: Upload) =>
    !alone && file.size <= SMALL_BYTES && collection === first.collection;
  return waiting.filter(together).slice(0, FILES_PER_REQUEST);
}

async function sendBatch(client: QueryClient, batch: Upload[]): Promise<void> {
  const { signal } = cancelled;
  const request = {
    files: batch.map((each) => each.file),
    collection: batch[0]?.collection ?? null,
    key: newId(),
    signal,
    onProgress: (sent: number, total: number) =>
      change(idsOf(batch), { progress: total ? sent / total : 0 }),
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      accept(client, batch, await uploadFiles(request));
      return;
    } catch (error) {
      if (signal.aborted) return;
      const problem = toProblem(error);
      const wait = waitBefore(problem, attempt);
      if (wait === null) {
        refuse(batch, problem);
        return;
      }
      await held(wait);
    }
  }
}

/** Milliseconds until another try, or null: another would end the same. */
function waitBefore(problem: Problem, attempt: number): number | null {
  if (problem.status === 429) return 1000 * (problem.retryAfter ?? 5);
  if (!isTransient(problem) || attempt >= MOST_TRIES) return null;
  return 1000 * (problem.retryAfter ?? 2 ** attempt);
}

async function held(milliseconds: number): Promise<void> {
  uploadsHeld.set({ since: Date.now(), seconds: Math.ceil(milliseconds / 1000) });
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  uploadsHeld.set(null);
}

function accept(client: QueryClient, batch: Upload[], documents: Document[]): void {
  const byId = new Map(batch.map((each, at) => [each.id, documents[at] ?? null]));
  uploads.set((all) =>
    all.map((each) =>
      byId.has(each.id)
        ? { ...each, state: "sent", progress: 1, document: byId.get(each.id) ?? null }
        : each,
    ),
  );
  noteDocuments(client, documents);
  void client.invalidateQueries({ queryKey: collectionsQuery.queryKey });
}

/** If one of several is refused, all are; each then goes by itself and gets its own answer. */
function refuse(batch: Upload[], problem: Problem): void {
  if (batch.length > 1 && problem.status >= 400 && problem.status < 500) {
    change(idsOf(batch), { state: "waiting", progress: 0, alone: true });
  } else {
    change(idsOf(batch), { state: "failed", problem });
  }
}

function change(ids: readonly string[], to: Partial<Upload>): void {
  uploads.set((all) => all.map((each) => (ids.includes(each.id) ? { ...each, ...to } : each)));
}

function idsOf(batch: readonly Upload[]): string[] {
  return batch.map((each) => each.id);
}
