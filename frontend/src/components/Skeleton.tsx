import { cx } from "@/lib/cx";

/** Stands where something will be, in its size, while it is fetched. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("animate-breathe rounded-sm bg-line", className)} />;
}

/** A list that is on its way. */
export function SkeletonRows({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="grid">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-13 items-center gap-4 border-b border-line px-4">
          <Skeleton className="size-4" />
          <Skeleton className={cx("h-3", ["w-2/5", "w-1/3", "w-1/2"][row % 3])} />
          <Skeleton className="ml-auto h-3 w-16" />
        </div>
      ))}
    </div>
  );
}
