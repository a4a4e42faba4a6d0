import { useState } from "react";

export interface Selection {
  ids: ReadonlySet<string>;
  /** Chooses or drops one; with `range`, all between it and the last one touched. */
  toggle: (id: string, range?: boolean) => void;
  /** Chooses all of the list, or none where all are chosen. */
  toggleAll: () => void;
  clear: () => void;
}

/** Which of a list are chosen. What is no longer in the list is chosen no longer. */
export function useSelection(list: readonly string[]): Selection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [last, setLast] = useState<string | null>(null);
  const ids = new Set(list.filter((id) => chosen.has(id)));
  return {
    ids,
    toggle: (id, range = false) => {
      setChosen(toggled(list, ids, id, range ? last : null));
      setLast(id);
    },
    toggleAll: () => setChosen(ids.size === list.length ? new Set() : new Set(list)),
    clear: () => setChosen(new Set()),
  };
}

export function toggled(
  list: readonly string[],
  chosen: ReadonlySet<string>,
  id: string,
  from: string | null,
): ReadonlySet<string> {
  const next = new Set(chosen);
  const wanted = !chosen.has(id);
  const start = from === null ? -1 : list.indexOf(from);
  const end = list.indexOf(id);
  const touched = start < 0 ? [id] : list.slice(Math.min(start, end), Math.max(start, end) + 1);
  for (const each of touched) {
    if (wanted) next.add(each);
    else next.delete(each);
  }
  return next;
}
