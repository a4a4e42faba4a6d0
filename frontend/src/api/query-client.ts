import { MutationCache, QueryClient } from "@tanstack/react-query";
import { isTransient, Problem, toProblem } from "@/api/problem";

const TRIES = 3;

/**
 * Reads are tried again while a part is away. A mutation is not: it may have happened. Its error is
 * told by `tell`, except where the mutation says `meta: { quiet: true }` because it shows it itself.
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
        retry: (count, error) => count < TRIES && isTransient(error),
        retryDelay: (count, error) =>
          1000 * ((error instanceof Problem ? error.retryAfter : null) ?? 2 ** count),
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
