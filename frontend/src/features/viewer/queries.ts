import { queryOptions } from "@tanstack/react-query";
import { api, apiFetch, call } from "@/api/client";
import { problemFrom } from "@/api/problem";

export const pageTextQuery = (id: string, number: number) =>
  queryOptions({
    queryKey: ["documents", id, "pages", number, "text"],
    queryFn: ({ signal }) =>
      call(
        api.GET("/v1/documents/{document_id}/pages/{number}", {
          signal,
          params: { path: { document_id: id, number } },
        }),
      ),
    staleTime: Infinity,
  });

export const pageImageQuery = (id: string, number: number) =>
  queryOptions({
    queryKey: ["documents", id, "pages", number, "image"],
    queryFn: ({ signal }) => blob(`/v1/documents/${id}/pages/${number}/image`, signal),
    staleTime: Infinity,
    gcTime: 60_000,
  });

export const boxesQuery = (id: string, number: number, start: number, end: number) =>
  queryOptions({
    queryKey: ["documents", id, "pages", number, "boxes", start, end],
    queryFn: ({ signal }) =>
      call(
        api.GET("/v1/documents/{document_id}/pages/{number}/boxes", {
          signal,
          params: { path: { document_id: id, number }, query: { start, end } },
        }),
      ),
    staleTime: Infinity,
  });

/** The file as it was uploaded. */
export function original(id: string): Promise<Blob> {
  return blob(`/v1/documents/${id}/content`);
}

async function blob(path: string, signal?: AbortSignal): Promise<Blob> {
  const request = new Request(new URL(path, location.origin), signal ? { signal } : {});
  const response = await apiFetch(request);
  if (!response.ok) throw problemFrom(response, await response.json().catch(() => null));
  return response.blob();
}
