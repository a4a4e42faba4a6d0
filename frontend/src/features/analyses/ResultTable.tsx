import { useVirtualizer } from "@tanstack/react-virtual";
import { SearchX, TableProperties } from "lucide-react";
import { useDeferredValue, useMemo, useRef, useState, type ReactNode } from "react";
import type { Analysis } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SearchField } from "@/components/Field";
import { Notice } from "@/components/Notice";
import { SkeletonRows } from "@/components/Skeleton";
import { Th } from "@/components/Table";
import { Tooltip } from "@/components/Tooltip";
import { openEvidence, useEvidence, type Evidence } from "@/features/viewer";
import { cx } from "@/lib/cx";
import { formatCount, formatNumber, formatPercent } from "@/lib/format";
import { nothingOf } from "./kinds";
import { useTable } from "./table";
import {
  cellText,
  DOCUMENT,
  EVERYTHING,
  fitsGap,
  isLow,
  shownRows,
  type Cell,
  type Row,
  type View,
} from "./values";

const ROW_PX = 45;
const OVERSCAN = 12;
const NARROW = new Set(["number", "date", "boolean"]);

/** What was found in each document; every cell leads to the words that it rests on. */
export function ResultTable({ analysis }: { analysis: Analysis }) {
  const [view, setView] = useState<View>(EVERYTHING);
  const table = useTable(analysis);
  const { columns } = table;
  const data = useDeferredValue(table.data);
  const rows = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data]);
  const shown = useMemo(() => shownRows(rows, columns, view), [rows, columns, view]);
  if (!data) {
    return (
      <Awaited query={table}>
        <SkeletonRows label="Loading the table" />
      </Awaited>
    );
  }
  if (rows.length === 0) {
    return <EmptyState icon={TableProperties} {...nothingOf(analysis, "row")} />;
  }
  return (
    <section aria-label="Results">
      {analysis.kind === "classify" && <Shares rows={rows} view={view} onChange={setView} />}
      <Filters rows={rows} columns={columns} shown={shown.length} view={view} onChange={setView} />
      {table.error && <Notice tone="danger" problem={table.error} className="mb-3" />}
      {shown.length === 0 ? (
        <EmptyState
          icon={SearchX}
          title="No row fits"
          action={<Button onClick={() => setView(EVERYTHING)}>Show all rows</Button>}
        >
          Look for other words, or show all.
        </EmptyState>
      ) : (
        <Grid analysis={analysis} columns={columns} rows={shown} view={view} onChange={setView} />
      )}
      {table.hasNextPage && (
        <p role="status" className="mt-2 text-sm text-muted">
          {formatNumber(rows.length)} rows are here, more are coming.
        </p>
      )}
    </section>
  );
}

interface ViewProps {
  rows: readonly Row[];
  view: View;
  onChange: (view: View) => void;
}

const GAPS = [
  { gap: "all", label: "All" },
  { gap: "missing", label: "Something not found" },
  { gap: "low", label: "Unsure" },
] as const;

function Filters({
  rows,
  columns,
  shown,
  view,
  onChange,
}: ViewProps & { columns: readonly string[]; shown: number }) {
  const counts = useMemo(
    () => GAPS.map(({ gap }) => rows.filter((row) => fitsGap(row, columns, gap)).length),
    [rows, columns],
  );
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label="Filter the rows"
        placeholder="Filter the rows"
        className="w-full sm:w-64"
        value={view.text}
        onChange={(text) => onChange({ ...view, text })}
      />
      <div role="group" aria-label="Rows to show" className="flex flex-wrap gap-1">
        {GAPS.map(({ gap, label }, at) => (
          <Chip
            key={gap}
            on={view.gap === gap && !view.only}
            disabled={gap !== "all" && counts[at] === 0}
            onClick={() => onChange({ ...view, gap, only: null })}
          >
            {label} <span className="tabular-nums">{formatNumber(counts[at] ?? 0)}</span>
          </Chip>
        ))}
      </div>
      <p role="status" className="ml-auto text-sm text-muted tabular-nums">
        {shown < rows.length
          ? `${formatNumber(shown)} of ${formatCount(rows.length, "row")}`
          : formatCount(rows.length, "row")}
      </p>
    </div>
  );
}

interface ChipProps {
  on: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Chip({ on, disabled = false, onClick, children }: ChipProps) {
  return (
    <button
      type="button"
      aria-pressed={on}
      disabled={disabled}
      onClick={onClick}
      className={cx(
        "h-7 rounded-full px-3 text-sm font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50",
        on ? "bg-accent-soft text-accent" : "text-muted hover:bg-hover hover:text-ink",
      )}
    >
      {children}
    </button>
  );
}

const LABEL = "label";

/** How many documents each label got; a press shows them. */
function Shares({ rows, view, onChange }: ViewProps) {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const cell = row.cells[LABEL];
    if (cell) counts.set(cellText(cell), (counts.get(cellText(cell)) ?? 0) + 1);
  }
  const labels = [...counts].sort((a, b) => b[1] - a[1]);
  return (
    <ul aria-label="Documents for each label" className="mb-5 grid max-w-2xl gap-1">
      {labels.map(([label, count]) => {
        const on = view.only?.text === label;
        return (
          <li key={label}>
            <button
              type="button"
              aria-pressed={on}
              onClick={() =>
                onChange({
                  ...view,
                  gap: "all",
                  only: on ? null : { column: LABEL, text: label },
                })
              }
              className={cx(
                "grid w-full grid-cols-[minmax(6rem,10rem)_minmax(0,1fr)_3rem] items-center gap-3 rounded-sm px-2 py-1 text-left",
                on ? "bg-accent-soft" : "hover:bg-hover",
              )}
            >
              <span className="truncate font-medium">{label}</span>
              <span aria-hidden className="h-2 overflow-hidden rounded-full bg-line">
                <span
                  className="block h-full rounded-full bg-accent"
                  style={{ width: `${(count / rows.length) * 100}%` }}
                />
              </span>
              <span className="text-right text-muted tabular-nums">{formatNumber(count)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface GridProps extends ViewProps {
  analysis: Analysis;
  columns: readonly string[];
}

interface Opened {
  cell: Cell;
  place: Evidence;
}

/** Only the rows that are seen exist; the head and the documents stay in sight. */
function Grid({ analysis, columns, rows, view, onChange }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  // The compiler, which does not know this hook, is not in use.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const shown = useEvidence();
  const [opened, setOpened] = useState<Opened | null>(null);
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const types = new Map(analysis.spec.fields?.map(({ name, type }) => [name, type ?? "text"]));
  const isNumeric = (column: string) =>
    types.get(column) === "number" || types.get(column) === "money";

  const sortBy = (column: string | null) => {
    const { sort } = view;
    if (sort?.column !== column) onChange({ ...view, sort: { column, descending: false } });
    else onChange({ ...view, sort: sort.descending ? null : { column, descending: true } });
  };
  const head = (column: string | null, label: string, className: string) => {
    const sorted = view.sort?.column === column ? view.sort : null;
    return (
      <Th
        key={column ?? " document"}
        sorted={sorted ? (sorted.descending ? "descending" : "ascending") : "none"}
        onSort={() => sortBy(column)}
        className={cx("sticky top-0 z-10 overflow-hidden bg-surface", className)}
      >
        <span className="truncate">{label}</span>
      </Th>
    );
  };
  return (
    <div
      ref={scroller}
      role="region"
      aria-label="Table of results"
      tabIndex={0}
      className="max-h-[max(24rem,calc(100dvh-15rem))] overflow-auto rounded-lg border border-line bg-surface"
    >
      <table
        aria-rowcount={rows.length + 1}
        className="w-full table-fixed border-separate border-spacing-0 text-left"
      >
        <colgroup>
          <col className="w-36 sm:w-56" />
          {columns.map((column) => (
            <col
              key={column}
              // One or two take what is left.
              className={
                columns.length < 3 ? "" : NARROW.has(types.get(column) ?? "") ? "w-32" : "w-52"
              }
            />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {head(DOCUMENT, "Document", "left-0 z-20 border-r")}
            {columns.map((column) =>
              head(column, nameOf(analysis, column), isNumeric(column) ? "text-right" : ""),
            )}
          </tr>
        </thead>
        <tbody>
          <Space height={above} />
          {items.map(({ index }) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <tr
                key={index}
                ref={virtual.measureElement}
                data-index={index}
                aria-rowindex={index + 2}
                className="group"
              >
                <th
                  scope="row"
                  className="sticky left-0 z-[5] truncate border-r border-b border-line bg-surface px-4 py-3 align-top font-medium group-last:border-b-0"
                >
                  {row.document_name}
                </th>
                {columns.map((column) => {
                  const cell = row.cells[column] ?? null;
                  const isShown = opened !== null && opened.cell === cell && opened.place === shown;
                  return (
                    <td
                      key={column}
                      className={cx(
                        "border-b border-line px-4 py-3 align-top break-words group-last:border-b-0",
                        isNumeric(column) && "text-right tabular-nums",
                        isShown && "inset-ring-2 inset-ring-evidence-line",
                      )}
                    >
                      <Value
                        cell={cell}
                        numeric={isNumeric(column)}
                        isShown={isShown}
                        onOpen={(place) => {
                          openEvidence(place);
                          if (cell) setOpened({ cell, place });
                        }}
                      />
                    </td>
                  );
                })}
              </tr>
            );
          })}
          <Space height={below} />
        </tbody>
      </table>
    </div>
  );
}

function Space({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td style={{ height }} className="p-0" />
    </tr>
  );
}

function nameOf(analysis: Analysis, column: string): string {
  return analysis.kind === "classify" && column === LABEL ? "Label" : column;
}

interface ValueProps {
  cell: Cell | null;
  numeric: boolean;
  /** Whether the words that it rests on are what the document is open at. */
  isShown: boolean;
  onOpen: (place: Evidence) => void;
}

function Value({ cell, numeric, isShown, onOpen }: ValueProps) {
  if (!cell) return <span className="text-muted">Not found</span>;
  const { document_id, page, start, end, quote, confidence } = cell;
  if (document_id === null || page === null) return <>{cellText(cell)}</>;
  const sure = confidence === null ? "" : ` · ${formatPercent(confidence)} likely to be right`;
  return (
    <Tooltip text={`Page ${page}${sure}`}>
      <button
        type="button"
        aria-current={isShown || undefined}
        onClick={() =>
          onOpen({
            documentId: document_id,
            page,
            ...(start !== null && end !== null && quote !== null && { start, end, quote }),
          })
        }
        className={cx(
          "block max-w-full rounded-sm decoration-line-strong decoration-dotted underline-offset-4 hover:text-accent hover:underline",
          numeric ? "ml-auto text-right" : "text-left",
        )}
      >
        <span className="line-clamp-3">{cellText(cell)}</span>
        {isLow(cell) && confidence !== null && (
          <span className="text-xs text-warn">Unsure, {formatPercent(confidence)}</span>
        )}
      </button>
    </Tooltip>
  );
}
