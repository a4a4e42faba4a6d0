import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Folder, Plus } from "lucide-react";
import { collectionsQuery } from "@/api/collections";
import { useMay } from "@/api/me";
import { Button } from "@/components/Button";
import { Skeleton } from "@/components/Skeleton";
import { formatNumber } from "@/lib/format";

const CHIP =
  "flex h-8 shrink-0 items-center gap-1.5 rounded-full border border-line bg-surface px-3 text-sm whitespace-nowrap text-muted " +
  "hover:bg-hover hover:text-ink aria-[current]:border-accent aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent";

/** The workspace's collections in a row, one of them chosen or none. */
export function CollectionBar({ onCreate }: { onCreate: () => void }) {
  const { data: collections, isPending } = useQuery(collectionsQuery);
  const mayCreate = useMay("member");
  return (
    <nav aria-label="Collections" className="-mx-4 overflow-x-auto px-4 py-1 sm:-mx-8 sm:px-8">
      <ul className="flex items-center gap-2">
        <li>
          <Link
            to="/library"
            search={(before) => ({ ...before, collection: undefined })}
            // Else it is taken for the page that is shown whichever collection is.
            activeOptions={{ explicitUndefined: true }}
            className={CHIP}
          >
            All documents
          </Link>
        </li>
        {isPending && <Skeleton className="h-8 w-28 rounded-full" />}
        {collections?.map(({ id, name, documents }) => (
          <li key={id}>
            <Link
              to="/library"
              search={(before) => ({ ...before, collection: id })}
              className={CHIP}
            >
              <Folder size={14} aria-hidden />
              <span className="max-w-48 truncate">{name}</span>
              <span className="tabular-nums">{formatNumber(documents)}</span>
            </Link>
          </li>
        ))}
        {mayCreate && (
          <li>
            <Button look="ghost" size="sm" icon={Plus} onClick={onCreate}>
              New collection
            </Button>
          </li>
        )}
      </ul>
    </nav>
  );
}
