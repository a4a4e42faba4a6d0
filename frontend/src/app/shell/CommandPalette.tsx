import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FileText, LogOut, Moon, Search, Sun } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useId, useMemo, useState } from "react";
import { api, call } from "@/api/client";
import { logOut } from "@/api/session";
import { commands, type Command } from "@/components/commands";
import { Kbd } from "@/components/Kbd";
import { useStore } from "@/lib/store";
import { setTheme } from "@/lib/theme";
import { useSettled } from "@/lib/use-settled";
import { cx } from "@/lib/cx";
import { useNavigation } from "@/app/navigation";

/** Documents of a name that are offered at most. */
const MOST = 6;

/** Every screen, command and document by its name. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const deeds = useMatches(query);
  const documents = useDocuments(query);
  const found = [...deeds, ...documents.found];
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.act();
  };
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-4 top-[12vh] z-40 mx-auto max-w-lg animate-rise overflow-hidden rounded-lg bg-raised shadow-overlay"
        >
          <Radix.Title className="sr-only">Go to a page or a document, or do something</Radix.Title>
          <div className="flex items-center gap-2.5 border-b border-line px-4">
            <Search size={16} aria-hidden className="text-faint" />
            <input
              role="combobox"
              aria-expanded
              aria-controls={`${id}-list`}
              aria-activedescendant={chosen ? `${id}-${found.indexOf(chosen)}` : undefined}
              aria-label="Command"
              placeholder="Go to a page or a document, or do something"
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
                if (step) {
                  event.preventDefault();
                  setAt((now) => (now + step + found.length) % Math.max(1, found.length));
                }
                if (event.key === "Enter") run(chosen);
              }}
              className="h-12 flex-1 bg-transparent outline-none placeholder:text-muted"
            />
          </div>
          <div
            id={`${id}-list`}
            role="listbox"
            aria-label="Commands"
            className="max-h-80 overflow-y-auto p-1.5"
          >
            {found.map((command, index) => (
              // The keyboard is the box's above; a pointer needs only the click.
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={index}
                id={`${id}-${index}`}
                role="option"
                aria-selected={command === chosen}
                tabIndex={-1}
                onClick={() => run(command)}
                onPointerMove={() => setAt(index)}
                className={cx(
                  "flex h-10 items-center gap-2.5 rounded-md px-2.5",
                  command === chosen && "bg-hover",
                )}
              >
                <command.icon size={16} aria-hidden className="text-faint" />
                <span className="min-w-0 flex-1 truncate">{command.label}</span>
                {index >= deeds.length && <span className="text-xs text-muted">Document</span>}
                {command.keys && <Kbd keys={command.keys} />}
              </div>
            ))}
          </div>
          {found.length === 0 && (
            <p role="status" className="px-4 pb-6 text-center text-muted">
              {documents.waits ? "Looking among the documents" : "Nothing is called that."}
            </p>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function useMatches(query: string): Command[] {
  const navigate = useNavigate();
  const offered = useStore(commands);
  const destinations = useNavigation();
  const all = useMemo(() => {
    const pages = destinations.flat().map(({ to, label, icon, keys }) => {
      return { label, icon, keys, act: () => void navigate({ to }) };
    });
    const always: Command[] = [
      { label: "Use the light theme", icon: Sun, act: () => setTheme("light") },
      { label: "Use the dark theme", icon: Moon, act: () => setTheme("dark") },
      { label: "Sign out", icon: LogOut, act: () => void logOut() },
    ];
    return [...pages, ...offered.flat(), ...always];
  }, [navigate, offered, destinations]);
  const words = query.toLowerCase().split(/\s+/);
  return all.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}

/** Documents whose name holds what is typed, asked for once the typing rests. */
function useDocuments(query: string): { found: Command[]; waits: boolean } {
  const navigate = useNavigate();
  const typed = query.trim();
  const [q, setQ] = useState("");
  useSettled(typed, 200, setQ);
  const asked = useQuery({
    queryKey: ["documents", "named", q],
    queryFn: ({ signal }) =>
      call(api.GET("/v1/documents", { signal, params: { query: { q, limit: MOST } } })),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  if (typed === "") return { found: [], waits: false };
  const waits = q !== typed || asked.isPending || asked.isPlaceholderData;
  // Until the new ones are here, those of the old that still fit.
  const fits = (name: string) => !waits || name.toLowerCase().includes(typed.toLowerCase());
  const found = (asked.data?.items ?? [])
    .filter(({ name }) => fits(name))
    .map(({ id, name }) => ({
      label: name,
      icon: FileText,
      act: () =>
        void navigate({ to: "/documents/$documentId", params: { documentId: id }, search: {} }),
    }));
  return { found, waits };
}
