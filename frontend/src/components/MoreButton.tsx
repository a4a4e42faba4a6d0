import { Button } from "@/components/Button";

interface MoreProps {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** The way to the next page of a list that is not long enough to scroll endlessly. */
export function MoreButton({ list }: MoreProps) {
  if (!list.hasNextPage) return null;
  return (
    <div className="mt-4 text-center">
      <Button pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        Show more
      </Button>
    </div>
  );
}
