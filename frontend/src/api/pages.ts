import { useInfiniteQuery } from "@tanstack/react-query";

export interface ItemPage<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** A list that comes in pages by cursor; `items` holds those that have come. */
export function usePages<Item>(
  key: readonly unknown[],
  load: (cursor: string | null, signal: AbortSignal) => Promise<ItemPage<Item>>,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) };
}
