import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";

export const conversationsQuery = queryOptions({
  queryKey: ["conversations"],
  queryFn: ({ signal }) =>
    call(api.GET("/v1/conversations", { signal, params: { query: { limit: 50 } } })),
});

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ["conversations", id],
    queryFn: ({ signal }) =>
      call(
        api.GET("/v1/conversations/{conversation_id}", {
          signal,
          params: { path: { conversation_id: id } },
        }),
      ),
  });

export const readyDocumentsQuery = queryOptions({
  queryKey: ["documents", "choices"],
  queryFn: ({ signal }) =>
    call(api.GET("/v1/documents", { signal, params: { query: { limit: 100, status: "ready" } } })),
});
