import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Ellipsis, FileSearch, FolderOpen, Pencil, Trash2, X } from "lucide-react";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { collectionsQuery } from "@/api/collections";
import { documentsQuery } from "@/api/documents";
import { useMay } from "@/api/me";
import type { Collection, Document, DocumentStatus } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { Button, IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SearchField, SelectField } from "@/components/Field";
import { Menu, MenuItem } from "@/components/Menu";
import { Page } from "@/components/Page";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount } from "@/lib/format";
import { useShortcut } from "@/lib/shortcuts";
import { useSettled } from "@/lib/use-settled";
import { CollectionBar } from "./CollectionBar";
import { DocumentDetails } from "./DocumentDetails";
import { DocumentTable } from "./DocumentTable";
import { DropZone, FileButton } from "./DropZone";
import type { LibrarySearch } from "./search";
import { useSelection } from "./selection";
import { addUploads } from "./uploads";
import { askedQuery, FirstQuestions, Welcome } from "@/features/welcome";

const CollectionDialog = lazy(() =>
  import("./CollectionDialogs").then((file) => ({ default: file.CollectionDialog })),
);
const DeleteCollection = lazy(() =>
  import("./CollectionDialogs").then((file) => ({ default: file.DeleteCollection })),
);
const DeleteDocuments = lazy(() =>
  import("./DeleteDocuments").then((file) => ({ default: file.DeleteDocuments })),
);

const STATUS_NAMES: Readonly<Record<DocumentStatus, string>> = {
  ready: "Ready",
  processing: "Being read",
  queued: "Waiting",
  failed: "Failed",
};

const route = getRouteApi("/inside/library");

/** Up to so many documents, the library helps with the first questions. */
const FEW = 12;

type Asked =
  | { what: "create" }
  | { what: "change" | "delete"; collection: Collection }
  | { what: "delete-documents"; ids: readonly string[]; name?: string };

export function LibraryPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const mayChange = useMay("member");
  const mayDeleteCollections = useMay("admin");
  const { data: collections } = useQuery(collectionsQuery);
  const list = useInfiniteQuery(
    documentsQuery({ q: search.q, status: search.status, collection: search.collection }),
  );
  const documents = useMemo(
    () => list.data?.pages.flatMap((page) => page.items) ?? [],
    [list.data],
  );
  const asking = useQuery(askedQuery);
  const selection = useSelection(useMemo(() => documents.map(({ id }) => id), [documents]));
  const [asked, setAsked] = useState<Asked | null>(null);

  const collection = collections?.find(({ id }) => id === search.collection);
  const names = useMemo(
    () => new Map(collections?.map(({ id, name }) => [id, name])),
    [collections],
  );
  const change = (next: Partial<LibrarySearch>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const add = (files: File[]) => void addUploads(client, files, search.collection ?? null);
  const { fetchNextPage } = list;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const filtered = Boolean(search.q ?? search.status);
  const helps = !filtered && documents.length > 0 && documents.length <= FEW;
  // The questions stand above the documents: who reads those already would lose their place.
  const waits = helps && asking.isPending && asking.failureCount === 0;
  const rowsToCome = <SkeletonRows label="Loading the documents" rows={8} />;
  const untouched = !filtered && !search.collection && list.isSuccess && documents.length === 0;

  return (
    <DropZone
      onFiles={add}
      disabled={!mayChange}
      target={collection ? `“${collection.name}”` : "the library"}
      className="h-full"
    >
      <Page
        fill
        title={collection?.name ?? "Library"}
        description={collection?.description}
        actions={
          <>
            {collection && mayChange && (
              <Menu
                align="end"
                trigger={<IconButton icon={Ellipsis} label="Actions for the collection" />}
              >
                <MenuItem icon={Pencil} onSelect={() => setAsked({ what: "change", collection })}>
                  Rename or describe
                </MenuItem>
                {mayDeleteCollections && (
                  <MenuItem
                    icon={Trash2}
                    danger
                    onSelect={() => setAsked({ what: "delete", collection })}
                  >
                    Delete
                  </MenuItem>
                )}
              </Menu>
            )}
            {mayChange && !untouched && <FileButton onFiles={add}>Upload</FileButton>}
          </>
        }
      >
        {untouched && !collections?.length ? (
          <Welcome onFiles={add} mayAdd={mayChange} />
        ) : (
          <>
            <CollectionBar onCreate={() => setAsked({ what: "create" })} />
            {selection.ids.size > 0 ? (
              <div className="my-3 flex h-9 items-center gap-3 py-2" role="status">
                <span className="font-medium">
                  {formatCount(selection.ids.size, "document")} chosen
                </span>
                <Button
                  size="sm"
                  icon={Trash2}
                  onClick={() => setAsked({ what: "delete-documents", ids: [...selection.ids] })}
                >
                  Delete
                </Button>
                <Button size="sm" look="ghost" icon={X} onClick={selection.clear}>
                  Choose none
                </Button>
              </div>
            ) : (
              <Filters search={search} onChange={change} />
            )}
            {!list.data && <Awaited query={list}>{rowsToCome}</Awaited>}
            {waits && rowsToCome}
            {list.isSuccess && documents.length === 0 && (
              <Nothing
                filtered={filtered}
                onFiles={mayChange ? add : undefined}
                onReset={() => change({ q: undefined, status: undefined })}
              />
            )}
            {helps && !waits && <FirstQuestions documents={documents} />}
            {documents.length > 0 && !waits && (
              <DocumentTable
                documents={documents}
                selection={selection}
                collectionNames={search.collection ? new Map<string, string>() : names}
                hasMore={list.hasNextPage}
                loadingMore={list.isFetchingNextPage || list.isFetchNextPageError}
                onMore={more}
                onOpen={(id) => change({ document: id })}
                onDelete={({ id, name }) => setAsked({ what: "delete-documents", ids: [id], name })}
                mayChange={mayChange}
              />
            )}
          </>
        )}
      </Page>
      {search.document && (
        <DocumentDetails
          key={search.document}
          id={search.document}
          onClose={() => change({ document: undefined })}
          onDelete={({ id, name }: Document) =>
            setAsked({ what: "delete-documents", ids: [id], name })
          }
        />
      )}
      <Suspense>
        {asked?.what === "create" && (
          <CollectionDialog
            onClose={() => setAsked(null)}
            onDone={({ id }) => {
              setAsked(null);
              change({ collection: id });
            }}
          />
        )}
        {asked?.what === "change" && (
          <CollectionDialog
            collection={asked.collection}
            onClose={() => setAsked(null)}
            onDone={() => setAsked(null)}
          />
        )}
        {asked?.what === "delete" && (
          <DeleteCollection
            collection={asked.collection}
            onClose={() => setAsked(null)}
            onDone={() => {
              setAsked(null);
              change({ collection: undefined });
            }}
          />
        )}
        {asked?.what === "delete-documents" && (
          <DeleteDocuments
            ids={asked.ids}
            name={asked.name}
            onClose={() => setAsked(null)}
            onDone={() => {
              setAsked(null);
              if (search.document && asked.ids.includes(search.document))
                change({ document: undefined });
            }}
          />
        )}
      </Suspense>
    </DropZone>
  );
}

interface FiltersProps {
  search: LibrarySearch;
  onChange: (next: Partial<LibrarySearch>) => void;
}

function Filters({ search, onChange }: FiltersProps) {
  const box = useRef<HTMLDivElement>(null);
  useShortcut("/", () => box.current?.querySelector("input")?.focus());
  return (
    <div ref={box} className="my-3 flex gap-2">
      <NameSearch value={search.q ?? ""} onChange={(q) => onChange({ q: q || undefined })} />
      <SelectField
        label="Status"
        hideLabel
        value={search.status ?? ""}
        onChange={({ target }) =>
          onChange({ status: (target.value || undefined) as DocumentStatus | undefined })
        }
      >
        <option value="">Any status</option>
        {Object.entries(STATUS_NAMES).map(([status, name]) => (
          <option key={status} value={status}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

/** Asks once the typing rests. */
function NameSearch({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useSettled(typed, 200, onChange);
  return (
    <SearchField
      label="Search by name"
      placeholder="Search by name"
      className="max-w-80 flex-1"
      value={typed}
      onChange={setTyped}
    />
  );
}

interface NothingProps {
  filtered: boolean;
  onFiles: ((files: File[]) => void) | undefined;
  onReset: () => void;
}

function Nothing({ filtered, onFiles, onReset }: NothingProps) {
  if (filtered) {
    return (
      <EmptyState
        icon={FileSearch}
        title="No document fits"
        action={<Button onClick={onReset}>Show all documents</Button>}
      >
        Nothing here has this name and status.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={FolderOpen}
      title="Nothing in here yet"
      action={onFiles && <FileButton onFiles={onFiles}>Upload files</FileButton>}
    >
      {onFiles
        ? "Drop files anywhere on this page, or choose them."
        : "Members of the workspace can add documents."}
    </EmptyState>
  );
}
