import { queryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import type { ItemPage } from "@/api/pages";
import { again } from "@/api/query-client";
import type { Analysis } from "@/api/types";

export const ANALYSIS_LISTS = ["analyses", "list"] as const;

/** Whether it still changes by itself. */
export function isLive({ status }: Pick<Analysis, "status">): boolean {
  return status === "queued" || status === "running";
}

export function analysisQuery(id: string) {
  return queryOptions({
    queryKey: ["analyses", "item", id],
    queryFn: ({ signal }) =>
      call(
        api.GET("/v1/analyses/{analysis_id}", { signal, params: { path: { analysis_id: id } } }),
      ),
    // Events tell of progress; this is for partial results and for a stream that is away.
    refetchInterval: (query) =>
      query.state.data && isLive(query.state.data) ? 5000 : again(query),
  });
}

/** Puts new states of analyses wherever analyses are shown; what is told carries no result. */
export function noteAnalyses(client: QueryClient, changed: readonly Analysis[]): void {
  const latest = new Map(changed.map((each) => [each.id, each]));
  for (const now of changed) {
    const { queryKey } = analysisQuery(now.id);
    const before = client.getQueryData(queryKey);
    if (!before) continue;
    client.setQueryData(queryKey, { ...now, result: before.result });
    if (isLive(before) && !isLive(now)) void client.invalidateQueries({ queryKey });
  }
  const lists = client.getQueriesData<InfiniteData<ItemPage<Analysis>>>({
    queryKey: ANALYSIS_LISTS,
  });
  for (const [key, list] of lists) {
    if (!list) continue;
    const shown = new Set(list.pages.flatMap((page) => page.items.map(({ id }) => id)));
    client.setQueryData(key, {
      ...list,
      pages: list.pages.map((page) => ({
        ...page,
        items: page.items.map((item) => latest.get(item.id) ?? item),
      })),
    });
    // One that somebody else began: it comes with the list.
    if (changed.some(({ id }) => !shown.has(id))) {
      void client.invalidateQueries({ queryKey: key, exact: true });
    }
  }
}
