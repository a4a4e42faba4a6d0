import { Button } from "@/components/Button";
import { Notice } from "@/components/Notice";

interface MoreProps {
  list: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    isFetchNextPageError: boolean;
    error: Error | null;
    fetchNextPage: () => unknown;
  };
}

/** The way to the next page of a list that is not long enough to scroll endlessly. */
export function MoreButton({ list }: MoreProps) {
  if (!list.hasNextPage) return null;
  return (
    <div className="mt-4 text-center">
      {list.isFetchNextPageError && list.error && (
        <Notice tone="danger" problem={list.error} className="mb-3 text-left" />
      )}
      <Button pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        Show more
      </Button>
    </div>
  );
}
