import { TableProperties } from "lucide-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { openEvidence } from "@/features/viewer";
import { isLive, type Analysis } from "./kinds";
import { cellText, isLow, type Cell } from "./values";

/** What was found, whatever the kind; every cell that rests on something opens it. */
export function ResultTable({ analysis }: { analysis: Analysis }) {
  const table = useInfiniteQuery({
    // New results are a new table: `done` is part of its name.
    queryKey: ["analyses", "table", analysis.id, analysis.progress.done, analysis.status],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }): Promise<components["schemas"]["Table"]> => {
      const answer = await call(
        api.GET("/v1/analyses/{analysis_id}/table", {
          signal,
          params: { path: { analysis_id: analysis.id }, query: { cursor: pageParam } },
        }),
      );
      // The same address gives CSV when asked for it.
      if (typeof answer === "string") throw new Error("The table came as a file");
      return answer;
    },
    getNextPageParam: (last) => last.next_cursor,
  });
  if (table.error && !table.data) {
    return <ErrorState error={table.error} onRetry={() => void table.refetch()} />;
  }
  if (!table.data) return <SkeletonRows label="Loading the table" />;
  const columns = table.data.pages[0]?.columns ?? [];
  const rows = table.data.pages.flatMap((each) => each.rows);
  if (rows.length === 0) {
    return (
      <EmptyState icon={TableProperties} title="Nothing found yet">
        {isLive(analysis.status)
          ? "Rows appear as documents are read."
          : "No document gave a result."}
      </EmptyState>
    );
  }
  return (
    <>
      <Table label="Results">
        <thead>
          <tr>
            <Th className="sticky left-0 bg-surface">Document</Th>
            {columns.map((column) => (
              <Th key={column}>{column}</Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Tr key={index}>
              <th
                scope="row"
                className="sticky left-0 max-w-48 truncate bg-surface px-4 py-3 font-medium"
              >
                {row.document_name ?? "All documents"}
              </th>
              {columns.map((column) => (
                <Td key={column} className="min-w-32 align-top">
                  <Value cell={row.cells[column] ?? null} />
                </Td>
              ))}
            </Tr>
          ))}
        </tbody>
      </Table>
      {table.hasNextPage && (
        <Button
          className="mt-4"
          pending={table.isFetchingNextPage}
          onClick={() => void table.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </>
  );
}

function Value({ cell }: { cell: Cell | null }) {
  if (!cell) return <span className="text-muted">Not found</span>;
  const { document_id, page, start, end, quote } = cell;
  if (document_id === null || page === null) return <>{cellText(cell)}</>;
  return (
    <button
      type="button"
      onClick={() =>
        openEvidence({
          documentId: document_id,
          page,
          ...(start !== null && end !== null && quote !== null && { start, end, quote }),
        })
      }
      className="text-left underline decoration-dotted underline-offset-4 hover:text-accent"
    >
      {cellText(cell)}
      {isLow(cell) && <span className="ml-1.5 text-xs text-muted">unsure</span>}
    </button>
  );
}
