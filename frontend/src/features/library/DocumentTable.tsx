import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Download, Ellipsis, Info, RotateCw, Trash2 } from "lucide-react";
import { memo, useCallback, useEffect, useRef, type KeyboardEvent } from "react";
import { download } from "@/api/download";
import type { Document } from "@/api/types";
import { toProblem } from "@/api/problem";
import { IconButton } from "@/components/Button";
import { Checkbox } from "@/components/Checkbox";
import { Menu, MenuItem } from "@/components/Menu";
import { Skeleton } from "@/components/Skeleton";
import { toast } from "@/components/toast";
import { formatAgo, formatBytes, formatNumber } from "@/lib/format";
import { cx } from "@/lib/cx";
import { useMedia } from "@/lib/use-media";
import { useRetry } from "./DocumentDetails";
import { DocumentIcon, StatusBadge } from "./marks";
import type { Selection } from "./selection";

const ROW_PX = 56;
/** A failure is told in whole sentences: two lines of them, or three below the state on a phone. */
const FAILED_PX = { wide: 76, narrow: 108 };
const OVERSCAN = 12;
/** Rows before the end at which the next page is fetched. */
const AHEAD = 150;
// Name, and from `md` on: status, pages, size, age; then the menu. Narrower, the state is below the name.
const COLUMNS =
  "grid items-center gap-x-3 px-4 md:gap-x-4 grid-cols-[1rem_minmax(0,1fr)_1.75rem] " +
  "md:grid-cols-[1rem_minmax(0,1fr)_7rem_4.5rem_5rem_8rem_1.75rem]";

const WIDE = "(min-width: 48rem)";

interface DocumentTableProps {
  documents: readonly Document[];
  selection: Selection;
  collectionNames: ReadonlyMap<string, string>;
  hasMore: boolean;
  loadingMore: boolean;
  onMore: () => void;
  onOpen: (id: string) => void;
  onDelete: (document: Document) => void;
  mayChange: boolean;
}

/** All documents that fit; only the rows that are seen exist, however many there are. */
export function DocumentTable(props: DocumentTableProps) {
  const { documents, selection, hasMore, loadingMore, onMore, onDelete } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const count = documents.length + (hasMore ? 1 : 0);
  const wide = useMedia(WIDE);
  const heightOf = (index: number) => {
    if (documents[index]?.status !== "failed") return ROW_PX;
    return wide ? FAILED_PX.wide : FAILED_PX.narrow;
  };
  // Rows are placed anew when this function is another one, and only then.
  const getItemKey = useCallback(
    (index: number) => documents[index]?.id ?? "more",
    // eslint-disable-next-line react-hooks/exhaustive-deps -- heights, not keys, depend on `wide`
    [documents, wide],
  );
  // The compiler, which does not know this hook, is not in use.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: heightOf,
    overscan: OVERSCAN,
    getItemKey,
  });
  const items = rows.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !loadingMore && lastSeen > documents.length - AHEAD) onMore();
  }, [hasMore, loadingMore, lastSeen, documents.length, onMore]);

  const keys = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    const document = documents[Number(row?.dataset.index ?? -1)];
    if (!row || !document || event.target instanceof HTMLInputElement) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = Math.max(0, Math.min(documents.length - 1, Number(row.dataset.index) + step));
      rows.scrollToIndex(next);
      focusRow(scroller.current, next);
    } else if (event.key.toLowerCase() === "x" && props.mayChange) {
      selection.toggle(document.id, event.shiftKey);
    } else if (event.key === "Delete" && props.mayChange) {
      onDelete(document);
    }
  };

  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const onToggle = useCallback<Selection["toggle"]>((id, range) => {
    latest.current.selection.toggle(id, range);
  }, []);
  const onRowOpen = useCallback((id: string) => latest.current.onOpen(id), []);
  const onRowDelete = useCallback((document: Document) => latest.current.onDelete(document), []);

  const all = selection.ids.size === documents.length;
  return (
    <div
      role="table"
      aria-label="Documents"
      aria-rowcount={hasMore ? -1 : documents.length + 1}
      className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-t-lg border border-b-0 border-line bg-surface"
    >
      <div role="rowgroup" className="border-b border-line">
        <div
          role="row"
          aria-rowindex={1}
          className={cx(COLUMNS, "h-9 text-xs font-medium text-muted")}
        >
          <span role="columnheader">
            {props.mayChange && (
              <Checkbox
                label="Choose all that are shown"
                checked={all ? true : selection.ids.size > 0 ? "indeterminate" : false}
                onChange={selection.toggleAll}
              />
            )}
          </span>
          <span role="columnheader">Name</span>
          {wide && (
            <>
              <span role="columnheader">Status</span>
              <span role="columnheader" className="text-right">
                Pages
              </span>
              <span role="columnheader" className="text-right">
                Size
              </span>
              <span role="columnheader">Added</span>
            </>
          )}
          <span role="columnheader">
            <span className="sr-only">Actions</span>
          </span>
        </div>
      </div>
      {/* Rows are reached by Tab and the arrows; the listener serves all of them. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div ref={scroller} onKeyDown={keys} className="min-h-0 flex-1 overflow-y-auto">
        <div role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, key, start, size }) => {
            const document = documents[index];
            const chosen = document && selection.ids.has(document.id);
            return (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={chosen}
                data-index={index}
                style={{ height: size, transform: `translateY(${start}px)` }}
                className={cx(
                  "absolute inset-x-0 top-0 border-b border-line",
                  COLUMNS,
                  chosen ? "bg-accent-soft" : "hover:bg-hover",
                )}
              >
                {document ? (
                  <Row
                    document={document}
                    chosen={chosen ?? false}
                    collection={props.collectionNames.get(document.collection_id ?? "")}
                    onToggle={onToggle}
                    onOpen={onRowOpen}
                    onDelete={onRowDelete}
                    mayChange={props.mayChange}
                    wide={wide}
                  />
                ) : (
                  <More />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps extends Pick<DocumentTableProps, "onOpen" | "onDelete" | "mayChange"> {
  document: Document;
  chosen: boolean;
  /** The name of the collection, where it is worth telling. */
  collection: string | undefined;
  onToggle: Selection["toggle"];
  wide: boolean;
}

/** Made anew only when its document changes: scrolling and news of others leave it as it is. */
const Row = memo(function Row({
  document,
  chosen,
  collection,
  onToggle,
  onOpen,
  onDelete,
  mayChange,
  wide,
}: RowProps) {
  const { id, name, status, error } = document;
  const failure = status === "failed" && error ? error.message : null;
  const about = collection ?? (wide ? "" : formatAgo(document.created_at));
  return (
    <>
      <span
        role="cell"
        // Shift and a click choose a range; the box itself does not tell about the key.
        onClickCapture={(event) => {
          if (!event.shiftKey) return;
          event.preventDefault();
          event.stopPropagation();
          onToggle(id, true);
        }}
      >
        {mayChange && (
          <Checkbox label={`Choose ${name}`} checked={chosen} onChange={() => onToggle(id)} />
        )}
      </span>
      <span role="cell" className="flex min-w-0 items-center gap-2.5">
        <DocumentIcon type={document.mime_type} />
        <span className="min-w-0">
          <Name document={document} onOpen={onOpen} />
          <span className={cx("flex min-w-0 items-center gap-2", !wide && "mt-0.5")}>
            {!wide && <StatusBadge document={document} />}
            {failure === null && (
              <span title={about} className="truncate text-xs text-muted">
                {about}
              </span>
            )}
          </span>
          {failure !== null && (
            <span
              title={failure}
              className={cx("text-xs text-danger", wide ? "line-clamp-2" : "mt-1 line-clamp-3")}
            >
              {failure}
            </span>
          )}
        </span>
      </span>
      {wide && (
        <>
          <span role="cell">
            <StatusBadge document={document} />
          </span>
          <span role="cell" className="text-right text-muted tabular-nums">
            {document.pages === null ? "" : formatNumber(document.pages)}
          </span>
          <span role="cell" className="text-right text-muted tabular-nums">
            {formatBytes(document.size_bytes)}
          </span>
          <span role="cell" className="truncate text-muted">
            {formatAgo(document.created_at)}
          </span>
        </>
      )}
      <span role="cell">
        <RowMenu document={document} onOpen={onOpen} onDelete={onDelete} mayChange={mayChange} />
      </span>
    </>
  );
});

const NAME = "block max-w-full truncate text-left font-medium hover:underline";

/** A document that was read opens; of any other, the details tell more. */
function Name({ document, onOpen }: Pick<DocumentTableProps, "onOpen"> & { document: Document }) {
  const { id, name, status } = document;
  if (status === "ready") {
    return (
      <Link data-row to="/documents/$documentId" params={{ documentId: id }} className={NAME}>
        {name}
      </Link>
    );
  }
  return (
    <button type="button" data-row onClick={() => onOpen(id)} className={NAME}>
      {name}
    </button>
  );
}

interface RowMenuProps extends Pick<DocumentTableProps, "onOpen" | "onDelete" | "mayChange"> {
  document: Document;
}

function RowMenu({ document, onOpen, onDelete, mayChange }: RowMenuProps) {
  const retrying = useRetry();
  const { id, name } = document;
  const save = () => {
    download(`/v1/documents/${id}/content`, name).catch((error: unknown) =>
      toast("It could not be downloaded", { detail: toProblem(error).message, tone: "danger" }),
    );
  };
  return (
    <Menu
      align="end"
      trigger={<IconButton icon={Ellipsis} label={`Actions for ${name}`} size="sm" />}
    >
      <MenuItem icon={Info} onSelect={() => onOpen(id)}>
        Details
      </MenuItem>
      <MenuItem icon={Download} onSelect={save}>
        Download
      </MenuItem>
      {mayChange && document.status === "failed" && (
        <MenuItem icon={RotateCw} onSelect={() => retrying.mutate(id)}>
          Read it again
        </MenuItem>
      )}
      {mayChange && (
        <MenuItem icon={Trash2} danger onSelect={() => onDelete(document)}>
          Delete
        </MenuItem>
      )}
    </Menu>
  );
}

function More() {
  return (
    <>
      <span role="cell" />
      <span role="cell" className="flex items-center gap-2.5">
        <span className="sr-only">More is on its way</span>
        <Skeleton className="h-3 w-48" />
      </span>
    </>
  );
}

/** The row may only come into being by the scrolling. */
function focusRow(scroller: HTMLElement | null, index: number, tries = 5): void {
  const name = scroller?.querySelector<HTMLElement>(`[data-index="${index}"] [data-row]`);
  if (name) name.focus({ preventScroll: true });
  else if (tries > 0) requestAnimationFrame(() => focusRow(scroller, index, tries - 1));
}
