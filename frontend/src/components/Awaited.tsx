import { useState, type ReactNode } from "react";
import { ErrorState } from "@/components/ErrorState";

interface AwaitedProps {
  query: { error: Error | null; errorUpdateCount: number; refetch: () => unknown };
  /** What shows that it is on its way. */
  children: ReactNode;
}

/**
 * Stands where a query's first data will be: that it is on its way, or why it does not come. While
 * what failed is asked for again, it stays told: it would blink with every attempt.
 */
export function Awaited({ query, children }: AwaitedProps) {
  const { error, errorUpdateCount } = query;
  const [told, setTold] = useState(error);
  if (error && error !== told) setTold(error);
  // Another query of the same place, such as by another filter, has not failed yet.
  if (!told || errorUpdateCount === 0) return children;
  return <ErrorState error={told} onRetry={() => void query.refetch()} />;
}
