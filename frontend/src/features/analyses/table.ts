import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { isLive } from "@/api/analyses";
import { api, call } from "@/api/client";
import { again } from "@/api/query-client";
import type { components } from "@/api/schema";
import type { Analysis } from "@/api/types";

type Table = components["schemas"]["Table"];

const PAGE = 1000;
const OFTEN_MS = 4000;
const SELDOM_MS = 20_000;

/** A page of a table's rows. */
async function tablePage(id: string, cursor: string | null, signal: AbortSignal): Promise<Table> {
  const answer = await call(
    api.GET("/v1/analyses/{analysis_id}/table", {
      signal,
      params: { path: { analysis_id: id }, query: { cursor, limit: PAGE } },
    }),
  );
  // The same address gives files when asked for them.
  if (typeof answer === "string") throw new Error("The table came as a file");
  return answer;
}

/** All rows: to sort and filter they have to be here, and a thousand come at a time. */
export function useTable(analysis: Analysis) {
  const live = isLive(analysis);
  const table = useInfiniteQuery({
    queryKey: ["analyses", "table", analysis.id],
    queryFn: ({ pageParam, signal }) => tablePage(analysis.id, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: (query) => {
      if (!live) return again(query);
      return (query.state.data?.pages.length ?? 0) <= 1 ? OFTEN_MS : SELDOM_MS;
    },
  });
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage, refetch } = table;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  // What came last, since the last look.
  useEffect(() => {
    if (!live) void refetch();
  }, [live, analysis.progress.done, refetch]);
  return {
    ...table,
    columns: table.data?.pages[0]?.columns ?? [],
    rows: table.data?.pages.flatMap((page) => page.rows),
  };
}
