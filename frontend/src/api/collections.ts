import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import type { Collection } from "@/api/types";

/** All collections of the workspace, oldest first. */
export const collectionsQuery = queryOptions({
  queryKey: ["collections"],
  queryFn: async ({ signal }) => {
    const all: Collection[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: Collection[]; next_cursor: string | null } = await call(
        api.GET("/v1/collections", {
          signal,
          params: { query: { limit: 200, ...(cursor !== null && { cursor }) } },
        }),
      );
      all.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return all;
  },
});
