import type { ReactElement } from "react";
import { Skeleton, SkeletonRows } from "@/components/Skeleton";

/** A screen whose code is on its way. */
export function PageSkeleton(): ReactElement {
  return (
    <div className="px-4 pt-5 sm:px-8 sm:pt-7">
      <Skeleton className="mb-8 h-6 w-40" />
      <SkeletonRows label="Loading the page" />
    </div>
  );
}
