import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileStack, Search, SearchX } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { api, call } from "@/api/client";
import { collectionsQuery } from "@/api/collections";
import type { components } from "@/api/schema";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SearchField, SelectField } from "@/components/Field";
import { Kbd } from "@/components/Kbd";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Skeleton } from "@/components/Skeleton";
import { openEvidence } from "@/features/viewer";
import { cx } from "@/lib/cx";
import { formatCount } from "@/lib/format";
import { useShortcut } from "@/lib/shortcuts";
import { useSettled } from "@/lib/use-settled";
import { MODES, type Mode, type SearchSearch } from "./search";
import { excerptOf, runsOf } from "./words";

type Hit = components["schemas"]["Hit"];

const PAUSE_MS = 250;
const LIMIT = 20;
const EXCERPT = 420;
const LABELS: Record<Mode, string> = {
  hybrid: "Meaning and words",
  dense: "Meaning",
  lexical: "Exact words",
};

const searchQuery = (query: string, collection: string | undefined, mode: Mode) => ({
  queryKey: ["search", query, collection, mode] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call(
      api.POST("/v1/search", {
        signal,
        body: { query, mode, limit: LIMIT, collection_ids: collection ? [collection] : null },
      }),
    ),
});

/** Finds passages while one types; Enter opens the chosen one in its document. */
export function SearchPage() {
  const { q = "", collection, mode = "hybrid" } = useSearch({ from: "/inside/search" });
  const navigate = useNavigate();
  const go = (next: SearchSearch) =>
    void navigate({
      to: "/search",
      search: (now: SearchSearch) => ({ ...now, ...next }),
      replace: true,
    });
  const query = q.trim();
  const found = useQuery({
    ...searchQuery(query, collection, mode),
    enabled: query !== "",
    placeholderData: keepPreviousData,
  });
  const hits = query === "" || found.error ? [] : (found.data?.hits ?? []);
  const [at, setAt] = useState({ query, place: 0 });
  // Another query has another best passage.
  const chosen = at.query === query ? Math.min(at.place, Math.max(0, hits.length - 1)) : 0;
  const [told, setTold] = useState("");
  const id = useId();
  const choose = (place: number) => setAt({ query, place });
  const open = (place: number) => {
    const hit = hits[place];
    if (!hit) return;
    choose(place);
    openEvidence({
      documentId: hit.document_id,
      page: hit.page,
      start: hit.start,
      end: hit.end,
      quote: hit.text,
    });
  };
  const step = (by: number) => {
    const place = Math.max(0, Math.min(hits.length - 1, chosen + by));
    const hit = hits[place];
    if (!hit) return;
    choose(place);
    setTold(`${place + 1} of ${hits.length}: ${hit.document_name}, page ${hit.page}. ${hit.text}`);
    document.getElementById(`${id}-${place}`)?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    }
    if (event.key === "Enter" && !event.nativeEvent.isComposing) open(chosen);
  };

  return (
    <Page title="Search" description="Find the passage, open it at its words.">
      <div className="max-w-4xl">
        <div className="mb-4 flex flex-wrap gap-2">
          <QueryField
            value={q}
            onChange={(next) => go({ q: next || undefined })}
            {...{ onKeyDown }}
          />
          <CollectionField value={collection} onChange={(next) => go({ collection: next })} />
          <SelectField
            label="Search by"
            hideLabel
            value={mode}
            onChange={({ target }) => {
              const next = MODES.find((each) => each === target.value);
              go({ mode: next === "hybrid" ? undefined : next });
            }}
          >
            {MODES.map((each) => (
              <option key={each} value={each}>
                {LABELS[each]}
              </option>
            ))}
          </SelectField>
        </div>
        {query === "" ? (
          <EmptyState icon={Search} title="What are you looking for?">
            In your own words: the meaning counts as much as the words do.
          </EmptyState>
        ) : !found.data ? (
          <Awaited query={found}>
            <Searching />
          </Awaited>
        ) : hits.length === 0 ? (
          <Nothing
            narrowed={collection !== undefined || mode !== "hybrid"}
            onWiden={() => go({ collection: undefined, mode: undefined })}
          />
        ) : (
          <>
            <Remarks hits={hits} query={query} mode={mode} degraded={found.data.degraded} />
            <ol
              aria-label="Passages"
              aria-busy={found.isPlaceholderData}
              className={cx(
                "grid gap-2 transition-opacity",
                found.isPlaceholderData && "opacity-60",
              )}
            >
              {hits.map((hit, place) => (
                <li key={hit.passage_id} id={`${id}-${place}`} className="min-w-0 scroll-my-4">
                  <Passage
                    hit={hit}
                    query={query}
                    chosen={place === chosen}
                    onOpen={() => open(place)}
                  />
                </li>
              ))}
            </ol>
            <p className="mt-3 hidden items-center gap-1.5 text-xs text-muted sm:flex">
              <Kbd keys="↑" /> <Kbd keys="↓" /> to choose, <Kbd keys="enter" /> to open
            </p>
          </>
        )}
        <p role="status" className="sr-only">
          {query !== "" &&
            found.data &&
            !found.isPlaceholderData &&
            formatCount(hits.length, "passage")}
        </p>
        <p aria-live="polite" className="sr-only">
          {told}
        </p>
      </div>
    </Page>
  );
}

interface QueryFieldProps {
  value: string;
  onChange: (value: string) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** Asks once the typing rests; follows the address when that changes by itself. */
function QueryField({ value, onChange, onKeyDown }: QueryFieldProps) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState({ value, sent: value });
  if (value !== seen.value) {
    setSeen({ ...seen, value });
    // What was sent from here comes back as the address, when one may have typed on already.
    if (value !== seen.sent) setTyped(value);
  }
  useSettled(typed, PAUSE_MS, () => {
    setSeen((now) => ({ ...now, sent: typed }));
    onChange(typed);
  });
  const box = useRef<HTMLDivElement>(null);
  const focus = () => box.current?.querySelector("input")?.focus();
  useShortcut("/", focus);
  useEffect(() => {
    // A phone's keyboard would cover the page before anybody asked for it.
    if (matchMedia("(pointer: fine)").matches) focus();
  }, []);
  return (
    <div ref={box} className="min-w-0 flex-1 basis-72">
      <SearchField
        label="Search the documents"
        placeholder="Search the documents"
        value={typed}
        onChange={setTyped}
        onKeyDown={(event) => {
          if (event.key === "Escape") setTyped("");
          else onKeyDown(event);
        }}
      />
    </div>
  );
}

interface CollectionFieldProps {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

function CollectionField({ value, onChange }: CollectionFieldProps) {
  const { data } = useQuery(collectionsQuery);
  if (!value && !data?.length) return null;
  const gone = value !== undefined && data !== undefined && !data.some(({ id }) => id === value);
  return (
    <SelectField
      label="Collection"
      hideLabel
      className="max-w-52"
      value={value ?? ""}
      onChange={({ target }) => onChange(target.value || undefined)}
    >
      <option value="">All collections</option>
      {data?.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
      {gone && <option value={value}>A collection that is gone</option>}
    </SelectField>
  );
}

interface RemarksProps {
  hits: readonly Hit[];
  query: string;
  mode: Mode;
  degraded: boolean;
}

/** What should be known of how these passages were found. */
function Remarks({ hits, query, mode, degraded }: RemarksProps) {
  if (degraded) {
    return (
      <Notice tone="warn" title="Found by words alone" className="mb-4">
        The search by meaning is away for the moment, so passages in other words may be missing.
      </Notice>
    );
  }
  const none = hits.every(({ text }) => runsOf(text, query).every((run) => !run.found));
  if (mode === "lexical" || !none) return null;
  return (
    <p className="mb-3 text-sm text-muted">
      No passage has these words. These are the nearest in meaning.
    </p>
  );
}

interface PassageProps {
  hit: Hit;
  query: string;
  chosen: boolean;
  onOpen: () => void;
}

function Passage({ hit, query, chosen, onOpen }: PassageProps) {
  const { document_id: documentId, document_name: name, page, start, end, text } = hit;
  return (
    <Link
      to="/documents/$documentId"
      params={{ documentId }}
      search={{ page, start, end }}
      preload={false}
      aria-current={chosen || undefined}
      onClick={(event) => {
        // With a key held it is a link like any other: it opens a tab of its own.
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        onOpen();
      }}
      className={cx(
        "block rounded-md border px-4 py-3 shadow-raised transition-colors",
        chosen
          ? "border-accent bg-surface ring-1 ring-accent"
          : "border-line bg-surface hover:bg-hover",
      )}
    >
      <span className="mb-1 flex gap-2 text-sm text-muted">
        <span className="truncate font-medium text-ink">{name}</span>
        <span className="shrink-0 tabular-nums">Page {page}</span>
      </span>
      <span className="line-clamp-5 font-quote text-lg break-words sm:line-clamp-3">
        {runsOf(excerptOf(text, query, EXCERPT), query).map((run, at) =>
          run.found ? (
            <mark key={at} className="rounded-sm bg-evidence px-0.5 text-ink">
              {run.text}
            </mark>
          ) : (
            run.text
          ),
        )}
      </span>
    </Link>
  );
}

function Searching() {
  return (
    <div role="status" aria-label="Searching" className="grid gap-2">
      {["w-4/5", "w-3/5", "w-11/12", "w-2/3"].map((width) => (
        <div key={width} className="rounded-md border border-line bg-surface px-4 py-3">
          <Skeleton className="mb-3 h-3 w-40" />
          <Skeleton className="mb-2 h-3.5" />
          <Skeleton className={cx("h-3.5", width)} />
        </div>
      ))}
    </div>
  );
}

function Nothing({ narrowed, onWiden }: { narrowed: boolean; onWiden: () => void }) {
  const { data } = useQuery({
    queryKey: ["documents", "any ready"],
    queryFn: ({ signal }) =>
      call(api.GET("/v1/documents", { signal, params: { query: { limit: 1, status: "ready" } } })),
  });
  if (data?.items.length === 0) {
    return (
      <EmptyState
        icon={FileStack}
        title="Nothing to search yet"
        action={
          <Button look="primary" asChild>
            <Link to="/library">Go to the library</Link>
          </Button>
        }
      >
        Once a document is read, its passages are found here.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={SearchX}
      title="Nothing found"
      action={narrowed && <Button onClick={onWiden}>Search everywhere, by meaning too</Button>}
    >
      {narrowed ? "Not here, at least, in these words." : "Try it in other words."}
    </EmptyState>
  );
}
