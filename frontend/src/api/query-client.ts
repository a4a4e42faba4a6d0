import { MutationCache, QueryClient } from "@tanstack/react-query";
import { isTransient, Problem, toProblem } from "@/api/problem";

/** A part that is away for a blink is not worth telling of; beyond that, waiting is told. */
const BLINK_MS = 1000;
/** What is away and does not say for how long is asked again this often. */
const AGAIN_MS = 10_000;

interface Asked {
  state: { data: unknown; error: Error | null };
}

/**
 * Reads are tried once more after a blink, then told as failed, and asked again by themselves for as
 * long as somebody looks and the failure may pass; without a connection they fail at once, and are
 * asked when it is back. A mutation is not tried again: it may have happened. Its error is told by
 * `tell`, except where the mutation says `meta: { quiet: true }` because it shows it itself.
 */
export function createQueryClient(tell: (problem: Problem) => void): QueryClient {
  return new QueryClient({
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => {
        if (!mutation.meta?.quiet) tell(toProblem(error));
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        // Not "online", which would let them wait for the connection without a word.
        networkMode: "always",
        refetchOnReconnect: true,
        refetchInterval: again,
        retry: (count, error) =>
          count === 0 && navigator.onLine && isTransient(error) && waitOf(error, 0) <= BLINK_MS,
        retryDelay: (_count, error) => waitOf(error, BLINK_MS),
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** When a query that has brought nothing yet is asked again by itself after a failure that may pass. */
export function again({ state: { data, error } }: Asked): number | false {
  if (data !== undefined || !isTransient(error)) return false;
  return Math.max(BLINK_MS, waitOf(error, AGAIN_MS));
}

/** A query's `refetchInterval`: every so many milliseconds, or as `again` says while it has brought nothing. */
export function every(ms: number) {
  return (query: Asked): number => again(query) || ms;
}

function waitOf(error: unknown, otherwise: number): number {
  const seconds = error instanceof Problem ? error.retryAfter : null;
  return seconds === null ? otherwise : seconds * 1000;
}
