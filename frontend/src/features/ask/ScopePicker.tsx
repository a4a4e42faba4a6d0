import { useQuery } from "@tanstack/react-query";
import { FileText, Folder, ListFilter, X } from "lucide-react";
import { collectionsQuery } from "@/api/collections";
import { Button, IconButton } from "@/components/Button";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/components/Menu";
import { useStore } from "@/lib/store";
import { readyDocumentsQuery } from "./queries";
import { scope } from "./thread";

/** Chips for what the answer is looked for in, and a menu that adds to them. */
export function ScopePicker() {
  const chosen = useStore(scope);
  const collections = useQuery(collectionsQuery);
  const documents = useQuery(readyDocumentsQuery);
  const kinds = [
    { kind: "collections", label: "Collections", icon: Folder, offered: collections.data },
    { kind: "documents", label: "Documents", icon: FileText, offered: documents.data?.items },
  ] as const;
  const offering = kinds.filter(({ offered = [] }) => offered.length > 0);
  const all = chosen.collections.length + chosen.documents.length === 0;
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-1.5">
      <Menu
        trigger={
          <Button look="ghost" size="sm" icon={ListFilter}>
            {all ? "All documents" : "In"}
          </Button>
        }
      >
        {offering.map(({ kind, label, icon, offered = [] }, at) => (
          <div key={kind}>
            {at > 0 && <MenuLine />}
            <MenuLabel>{label}</MenuLabel>
            {offered
              .filter((each) => !chosen[kind].some(({ id }) => id === each.id))
              .map(({ id, name }) => (
                <MenuItem
                  key={id}
                  icon={icon}
                  onSelect={() =>
                    scope.set((now) => ({ ...now, [kind]: [...now[kind], { id, name }] }))
                  }
                >
                  <span className="max-w-64 truncate">{name}</span>
                </MenuItem>
              ))}
          </div>
        ))}
      </Menu>
      {kinds.flatMap(({ kind, offered = [] }) =>
        chosen[kind].map(({ id, name }) => {
          const known = offered.find((each) => each.id === id)?.name ?? name;
          return (
            <span
              key={id}
              className="inline-flex h-7 max-w-56 items-center rounded-full bg-sunken pl-2.5 text-sm"
            >
              <span className="truncate">{known}</span>
              <IconButton
                icon={X}
                size="sm"
                label={`Do not look in ${known} alone`}
                onClick={() =>
                  scope.set((now) => ({
                    ...now,
                    [kind]: now[kind].filter((each) => each.id !== id),
                  }))
                }
              />
            </span>
          );
        }),
      )}
    </div>
  );
}
