import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { noteAnalyses } from "@/api/analyses";
import { apiFetch } from "@/api/client";
import { collectionsQuery } from "@/api/collections";
import { noteDocuments } from "@/api/documents";
import { Problem, problemFrom } from "@/api/problem";
import type { Analysis, Document } from "@/api/types";
import { serverEvents } from "@/lib/sse";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Follows the documents and analyses of the workspace while the page is looked at: one stream for all screens, and
 * no asking again and again. What was missed in between is fetched when the stream is back.
 */
export function useDocumentEvents(): void {
  const client = useQueryClient();
  useEffect(() => {
    let stop = new AbortController();
    const follow = () => {
      stop.abort();
      stop = new AbortController();
      if (document.visibilityState === "visible") void keepFollowing(client, stop.signal);
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      stop.abort();
    };
  }, [client]);
}

async function keepFollowing(client: QueryClient, signal: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT_MS;
  // A signal changes under its reader, which the checker does not know.
  const ended = () => signal.aborted;
  while (!ended()) {
    let pause = wait;
    try {
      await followOnce(client, signal, () => {
        wait = FIRST_WAIT_MS;
      });
      pause = FIRST_WAIT_MS;
    } catch (error) {
      if (ended() || (error instanceof Problem && error.status === 401)) return;
      if (error instanceof Problem && error.retryAfter) pause = error.retryAfter * 1000;
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function followOnce(
  client: QueryClient,
  signal: AbortSignal,
  opened: () => void,
): Promise<void> {
  const response = await apiFetch(new Request(new URL("/v1/events", location.origin), { signal }));
  if (!response.ok) throw problemFrom(response, await response.json().catch(() => null));
  if (!response.body) return;
  let first = true;
  for await (const { event, data } of serverEvents(response.body)) {
    if (event === "analyses") {
      const { analyses } = JSON.parse(data) as { analyses: Analysis[] };
      noteAnalyses(client, analyses);
    }
    if (event !== "documents") continue;
    const { documents } = JSON.parse(data) as { documents: Document[] };
    if (first) {
      opened();
      catchUp(client);
    }
    first = false;
    if (documents.length > 0) noteDocuments(client, documents);
  }
}

let openedBefore = false;

/** A list of many pages is only marked: fetching them all would use up the minute's requests. */
function catchUp(client: QueryClient): void {
  if (!openedBefore) {
    openedBefore = true;
    return;
  }
  void client.invalidateQueries({
    queryKey: ["documents"],
    predicate: (query) => {
      const data = query.state.data as { pages?: unknown[] } | undefined;
      return (data?.pages?.length ?? 0) <= 3;
    },
  });
  void client.invalidateQueries({ queryKey: collectionsQuery.queryKey });
  void client.invalidateQueries({ queryKey: ["analyses"] });
}
