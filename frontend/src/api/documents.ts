import {
  infiniteQueryOptions,
  queryOptions,
  type InfiniteData,
  type QueryClient,
} from "@tanstack/react-query";
import { api, call } from "@/api/client";
import type { Document, DocumentStatus } from "@/api/types";

export interface DocumentFilter {
  q?: string | undefined;
  status?: DocumentStatus | undefined;
  collection?: string | undefined;
}

export interface DocumentPage {
  items: Document[];
  next_cursor: string | null;
}

export type DocumentPages = InfiniteData<DocumentPage, string | null>;

const LISTS = ["documents", "list"] as const;
const PAGE = 200;

/** The documents that fit, newest first, a page at a time. */
export function documentsQuery(filter: DocumentFilter) {
  return infiniteQueryOptions({
    queryKey: [...LISTS, filter],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/v1/documents", {
          signal,
          params: {
            query: {
              limit: PAGE,
              ...(pageParam !== null && { cursor: pageParam }),
              ...(filter.q && { q: filter.q }),
              ...(filter.status && { status: filter.status }),
              ...(filter.collection && { collection_id: filter.collection }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // Events keep it true; a long list must not be fetched anew with every glance at the window.
    refetchOnWindowFocus: false,
    staleTime: 60_000,
  });
}

export function documentQuery(id: string) {
  return queryOptions({
    queryKey: ["documents", "item", id],
    queryFn: ({ signal }) =>
      call(
        api.GET("/v1/documents/{document_id}", { signal, params: { path: { document_id: id } } }),
      ),
  });
}

/** Puts new states of documents wherever documents are shown. */
export function noteDocuments(client: QueryClient, changed: readonly Document[]): void {
  for (const document of changed)
    client.setQueryData(documentQuery(document.id).queryKey, document);
  for (const [key, pages] of client.getQueriesData<DocumentPages>({ queryKey: LISTS })) {
    if (pages) client.setQueryData(key, withDocuments(pages, key[2] as DocumentFilter, changed));
  }
}

/** Takes documents out of wherever they are shown. */
export function forgetDocuments(client: QueryClient, ids: ReadonlySet<string>): void {
  client.setQueriesData<DocumentPages>(
    { queryKey: LISTS },
    (pages) => pages && mapPages(pages, (items) => items.filter((each) => !ids.has(each.id))),
  );
  for (const id of ids) client.removeQueries({ queryKey: documentQuery(id).queryKey });
}

/** A filtered list after documents changed: those that fit are in their place, others are gone. */
export function withDocuments(
  pages: DocumentPages,
  filter: DocumentFilter,
  changed: readonly Document[],
): DocumentPages {
  const latest = new Map(changed.map((document) => [document.id, document]));
  const known = new Set<string>();
  const updated = mapPages(pages, (items) =>
    items.flatMap((item) => {
      known.add(item.id);
      const now = latest.get(item.id);
      if (!now) return [item];
      return fits(now, filter) ? [now] : [];
    }),
  );
  const arrived = changed.filter((each) => !known.has(each.id) && fits(each, filter));
  return arrived.length === 0 ? updated : withArrived(updated, arrived);
}

function withArrived(pages: DocumentPages, arrived: readonly Document[]): DocumentPages {
  const [first, ...rest] = pages.pages;
  if (!first) return pages;
  const oldest = first.items.at(-1)?.created_at ?? "";
  // What is older than the first page comes with its own page.
  const shown = arrived.filter((each) => first.next_cursor === null || each.created_at >= oldest);
  const items = [...shown, ...first.items].sort(newestFirst);
  return { ...pages, pages: [{ ...first, items }, ...rest] };
}

/** Times of one form order as plain text does, which is far quicker than a language's order. */
function newestFirst(a: Document, b: Document): number {
  if (a.created_at === b.created_at) return 0;
  return a.created_at < b.created_at ? 1 : -1;
}

function fits(document: Document, { q, status, collection }: DocumentFilter): boolean {
  return (
    (!q || document.name.toLowerCase().includes(q.toLowerCase())) &&
    (!status || document.status === status) &&
    (!collection || document.collection_id === collection)
  );
}

function mapPages(pages: DocumentPages, change: (items: Document[]) => Document[]): DocumentPages {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: change(page.items) })) };
}
