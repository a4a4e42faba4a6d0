import { useMutation, useQuery } from "@tanstack/react-query";
import {
  ChevronLeft,
  ChevronRight,
  Download,
  FileClock,
  FileText,
  FileX,
  Image,
  X,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useCallback, useState, type ReactNode } from "react";
import { documentQuery } from "@/api/documents";
import { Problem } from "@/api/problem";
import type { Document } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Notice } from "@/components/Notice";
import { Skeleton } from "@/components/Skeleton";
import { saveAs } from "@/lib/save";
import type { Evidence } from "./evidence";
import { cut } from "./highlight";
import { boxesQuery, original, pageImageQuery, pageTextQuery } from "./queries";

const PDF = "application/pdf";
const ZOOMS = [1, 1.25, 1.5, 2, 3];
/** On a phone, a page as wide as the screen is too small to be read: what is marked comes nearer. */
const CLOSE = ZOOMS.indexOf(2);

interface ViewProps {
  place: Evidence;
  onClose?: () => void;
  /** Stands before the name: the way to where the document belongs. */
  back?: ReactNode;
}

/** A document's pages, as pictures where there are some, with the words of `place` marked in gold. */
export default function DocumentView({ place, onClose, back }: ViewProps) {
  const { documentId } = place;
  const file = useQuery(documentQuery(documentId));
  const [page, setPage] = useState(place.page);
  const [zoom, setZoom] = useState(() =>
    place.start !== undefined && matchMedia("(width < 40rem)").matches ? CLOSE : 0,
  );
  const [asText, setAsText] = useState(false);
  // Only PDFs have pictures, and not every one of them can be drawn.
  const isPdf = file.data?.mime_type === PDF;
  const image = useQuery({ ...pageImageQuery(documentId, page), enabled: isPdf && !asText });
  const save = useMutation({
    mutationFn: () => original(documentId),
    onSuccess: (bytes) => saveAs(bytes, file.data?.name ?? "document"),
  });
  const pictureless = !isPdf || (image.error instanceof Problem && image.error.code === "no_image");
  const text = asText || pictureless;
  const pages = file.data?.pages ?? null;
  const here = page === place.page;
  const mark = here && place.start !== undefined && place.end !== undefined;
  const range = mark ? { start: place.start ?? 0, end: place.end ?? 0 } : null;

  // Where it cannot be closed, it is the whole page.
  const Heading = onClose ? "h2" : "h1";

  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="border-b border-line px-3 py-2">
        <div className="flex min-h-9 items-center gap-1">
          {back}
          <Heading className="min-w-0 flex-1 truncate font-medium" title={file.data?.name}>
            {file.data?.name ?? "Document"}
          </Heading>
          {file.data && (
            <IconButton
              icon={Download}
              label="Download the original"
              aria-disabled={save.isPending || undefined}
              onClick={() => {
                if (!save.isPending) save.mutate();
              }}
            />
          )}
          {onClose && <IconButton icon={X} label="Close the document" onClick={onClose} />}
        </div>
        {file.data && (
          <div className="flex items-center gap-1">
            <IconButton
              icon={ChevronLeft}
              label="Page before"
              size="sm"
              disabled={page <= 1}
              onClick={() => setPage(page - 1)}
            />
            <p className="text-sm text-muted tabular-nums" aria-live="polite">
              Page {page}
              {pages !== null && ` of ${pages}`}
            </p>
            <IconButton
              icon={ChevronRight}
              label="Next page"
              size="sm"
              disabled={pages !== null && page >= pages}
              onClick={() => setPage(page + 1)}
            />
            <span className="flex-1" />
            {!text && image.data && (
              <>
                <IconButton
                  icon={ZoomOut}
                  label="Smaller"
                  size="sm"
                  disabled={zoom === 0}
                  onClick={() => setZoom(zoom - 1)}
                />
                <IconButton
                  icon={ZoomIn}
                  label="Larger"
                  size="sm"
                  disabled={zoom === ZOOMS.length - 1}
                  onClick={() => setZoom(zoom + 1)}
                />
              </>
            )}
            {!pictureless && (
              <IconButton
                icon={asText ? Image : FileText}
                label={asText ? "Show the picture" : "Show the text"}
                size="sm"
                onClick={() => setAsText(!asText)}
              />
            )}
          </div>
        )}
        {place.quote && here && (
          // A narrow screen shows no whole line of a page that is large enough to be read.
          <blockquote className="mt-1 line-clamp-3 border-l-2 border-evidence-line pl-2.5 font-quote sm:hidden">
            {place.quote}
          </blockquote>
        )}
      </header>
      <div
        role="region"
        aria-label="Page"
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto bg-sunken p-3 -outline-offset-2"
      >
        {!file.data ? (
          <Awaited query={file}>
            <PageSkeleton />
          </Awaited>
        ) : (pictureless || image.error) && file.data.status !== "ready" ? (
          <Unread document={file.data} />
        ) : text ? (
          <PageWords key={page} documentId={documentId} page={page} range={range} />
        ) : image.error ? (
          <ErrorState error={image.error} onRetry={() => void image.refetch()} />
        ) : image.data ? (
          <PagePicture
            key={page}
            documentId={documentId}
            page={page}
            range={range}
            picture={image.data}
            zoom={ZOOMS[zoom] ?? 1}
          />
        ) : (
          <PageSkeleton />
        )}
      </div>
    </div>
  );
}

function PageSkeleton() {
  return (
    <div role="status" aria-label="Fetching the page">
      <Skeleton className="mx-auto aspect-[1/1.3] max-w-4xl" />
    </div>
  );
}

/** Why there are no pages to be seen. */
function Unread({ document: { status, error } }: { document: Document }) {
  const failed = status === "failed";
  return (
    <EmptyState
      icon={failed ? FileX : FileClock}
      title={failed ? "It could not be read" : "It is still being read"}
    >
      {error?.message ?? "Its pages can be seen once that is through."}
    </EmptyState>
  );
}

interface Range {
  start: number;
  end: number;
}

interface PictureProps {
  documentId: string;
  page: number;
  range: Range | null;
  picture: Blob;
  zoom: number;
}

function PagePicture({ documentId, page, range, picture, zoom }: PictureProps) {
  const boxes = useQuery({
    ...boxesQuery(documentId, page, range?.start ?? 0, range?.end ?? 1),
    enabled: range !== null,
  });
  const [drawn, setDrawn] = useState(false);
  const draw = useCallback(
    (image: HTMLImageElement | null) => {
      if (!image) return;
      const url = URL.createObjectURL(picture);
      image.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [picture],
  );
  return (
    <>
      {range && boxes.error && (
        <Notice
          tone="warn"
          problem={boxes.error}
          title="The words could not be marked"
          className="mb-3"
        />
      )}
      {range && boxes.data?.boxes.length === 0 && (
        <Notice className="mb-3">
          The words are on this page, but its picture does not tell where.
        </Notice>
      )}
      <div
        // Paper is white in the dark too, and what marks it is chosen for white.
        className="relative mx-auto bg-surface [color-scheme:light] shadow-raised"
        // The zoom and the boxes are measured, so they cannot be classes.
        style={{ width: `calc(min(100%, 56rem) * ${zoom})` }}
      >
        <img
          ref={draw}
          alt={`Page ${page}`}
          onLoad={() => setDrawn(true)}
          className="block h-auto w-full"
        />
        {drawn &&
          range &&
          boxes.data?.boxes.map(([x0 = 0, y0 = 0, x1 = 0, y1 = 0], at) => (
            <span
              key={at}
              ref={at === 0 ? bringIntoView : null}
              data-highlight
              className="pointer-events-none absolute scroll-mx-3 border-b border-evidence-line bg-evidence mix-blend-multiply"
              style={{
                left: `${x0 * 100}%`,
                top: `${y0 * 100}%`,
                width: `${(x1 - x0) * 100}%`,
                height: `${(y1 - y0) * 100}%`,
              }}
            />
          ))}
      </div>
    </>
  );
}

interface WordsProps {
  documentId: string;
  page: number;
  range: Range | null;
}

function PageWords({ documentId, page, range }: WordsProps) {
  const text = useQuery(pageTextQuery(documentId, page));
  if (text.error) return <ErrorState error={text.error} onRetry={() => void text.refetch()} />;
  if (!text.data) {
    return (
      <div role="status" aria-label="Fetching the page" className="grid gap-3 p-4">
        <Skeleton className="h-3 w-full" />
        <Skeleton className="h-3 w-5/6" />
        <Skeleton className="h-3 w-2/3" />
      </div>
    );
  }
  const whole = text.data.text;
  const [before, marked, after] = range ? cut(whole, range.start, range.end) : [whole, "", ""];
  return (
    <div className="mx-auto max-w-3xl rounded-md bg-surface p-5 font-quote text-lg break-words whitespace-pre-wrap">
      {before}
      {marked && (
        <mark ref={bringIntoView} className="rounded-sm bg-evidence text-ink">
          {marked}
        </mark>
      )}
      {after}
      {whole === "" && <p className="font-sans text-base text-muted">This page has no text.</p>}
    </div>
  );
}

function bringIntoView(element: HTMLElement | null): void {
  // What is wider than the screen is read from its beginning.
  const inline = element && element.offsetWidth > innerWidth / 2 ? "start" : "center";
  element?.scrollIntoView({ block: "center", inline });
}
