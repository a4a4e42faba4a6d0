import { useInfiniteQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { documentsQuery } from "@/api/documents";
import { Button, IconButton } from "@/components/Button";
import { Checkbox } from "@/components/Checkbox";
import { SearchField } from "@/components/Field";
import { Notice } from "@/components/Notice";
import { DocumentIcon } from "@/features/library";
import { formatCount } from "@/lib/format";

export interface Picked {
  id: string;
  name: string;
}

interface PickerProps {
  picked: readonly Picked[];
  onChange: (picked: readonly Picked[]) => void;
  /** Not offered: they are there already. */
  except?: ReadonlySet<string>;
}

/** Documents, found by name and picked one by one; the order of picking is kept. */
export function DocumentPicker({ picked, onChange, except }: PickerProps) {
  const [q, setQ] = useState("");
  const wanted = useDeferredValue(q.trim());
  const list = useInfiniteQuery({
    ...documentsQuery({ q: wanted }),
    placeholderData: (before) => before,
  });
  const offered = list.data?.pages
    .flatMap((page) => page.items)
    .filter(({ id, status }) => status !== "failed" && !except?.has(id));
  const ids = new Set(picked.map(({ id }) => id));
  const rest = offered?.filter(({ id }) => !ids.has(id)) ?? [];
  return (
    <div className="rounded-md border border-line-strong bg-surface">
      <div className="flex flex-wrap items-center gap-2 border-b border-line p-2">
        <SearchField
          label="Find documents by name"
          placeholder="Find by name"
          className="min-w-40 flex-1"
          value={q}
          onChange={setQ}
        />
        <Button
          size="sm"
          look="ghost"
          disabled={rest.length === 0}
          onClick={() => onChange([...picked, ...rest.map(({ id, name }) => ({ id, name }))])}
        >
          Pick all shown
        </Button>
      </div>
      {list.error && <Notice tone="danger" problem={list.error} className="m-2" />}
      <ul aria-label="Documents to pick from" className="max-h-64 overflow-y-auto py-1">
        {offered?.map(({ id, name, mime_type }) => (
          <li key={id}>
            <label className="flex cursor-pointer items-center gap-3 px-3 py-2 hover:bg-hover">
              <Checkbox
                label={name}
                checked={ids.has(id)}
                onChange={(checked) =>
                  onChange(
                    checked ? [...picked, { id, name }] : picked.filter((each) => each.id !== id),
                  )
                }
              />
              <DocumentIcon type={mime_type} />
              <span className="min-w-0 truncate">{name}</span>
            </label>
          </li>
        ))}
        {offered?.length === 0 && (
          <li className="px-3 py-2 text-muted">
            {wanted ? "No document has this in its name." : "There is no document to pick."}
          </li>
        )}
        {list.hasNextPage && (
          <li className="px-3 py-2">
            <Button
              size="sm"
              pending={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Show more
            </Button>
          </li>
        )}
      </ul>
      <div className="flex items-center justify-between border-t border-line py-1 pr-1 pl-3 text-sm text-muted">
        <span role="status">{formatCount(picked.length, "document")} picked</span>
        <span className={picked.length === 0 ? "invisible" : undefined}>
          <IconButton icon={X} size="sm" label="Pick none" onClick={() => onChange([])} />
        </span>
      </div>
    </div>
  );
}
