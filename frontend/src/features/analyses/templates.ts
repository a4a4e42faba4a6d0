import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import type { components } from "@/api/schema";

export type Template = components["schemas"]["Template"];

/** One's own saved questions and those that are shared; they are few. */
export const templatesQuery = queryOptions({
  queryKey: ["analysis-templates"],
  queryFn: async ({ signal }) => {
    const all: Template[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: Template[]; next_cursor: string | null } = await call(
        api.GET("/v1/analyses/templates", { signal, params: { query: { limit: 200, cursor } } }),
      );
      all.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return all;
  },
});
