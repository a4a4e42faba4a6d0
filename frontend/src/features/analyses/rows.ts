import { useEffect, useRef, type KeyboardEvent } from "react";

interface Keyed {
  key: number;
}

/** Rows of a form that can be added, removed and moved; the keyboard stays with what it moved. */
export function useRows<Row extends Keyed>(
  rows: readonly Row[],
  onChange: (rows: readonly Row[]) => void,
  make: () => Row,
) {
  const list = useRef<HTMLUListElement>(null);
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    if (wanted.current === null) return;
    list.current?.querySelector<HTMLElement>(wanted.current)?.focus();
    wanted.current = null;
  }, [rows]);

  const add = (at = rows.length) => {
    const row = make();
    wanted.current = nameOf(row.key);
    onChange([...rows.slice(0, at), row, ...rows.slice(at)]);
  };
  const remove = (at: number) => {
    const beside = rows[at + 1] ?? rows[at - 1];
    if (beside) wanted.current = nameOf(beside.key);
    onChange(rows.filter((_, index) => index !== at));
  };
  const move = (at: number, by: 1 | -1, focus?: string) => {
    const row = rows[at];
    const to = at + by;
    if (!row || to < 0 || to >= rows.length) return;
    // At an end its button is gone, and the name is the next best place.
    const isEnd = to === 0 || to === rows.length - 1;
    wanted.current = focus && !isEnd ? `[data-row="${row.key}"] ${focus}` : nameOf(row.key);
    const rest = rows.filter((_, index) => index !== at);
    onChange([...rest.slice(0, to), row, ...rest.slice(to)]);
  };
  return {
    list,
    add,
    remove,
    move,
    put: (at: number, part: Partial<Row>) =>
      onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row))),
    /** Enter in a name begins the next row; Alt with an arrow moves the row. */
    keys: (event: KeyboardEvent<HTMLInputElement>, at: number) => {
      if (event.key === "Enter" && !event.nativeEvent.isComposing) {
        event.preventDefault();
        add(at + 1);
      } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        move(at, event.key === "ArrowUp" ? -1 : 1);
      }
    },
  };
}

function nameOf(key: number): string {
  return `[data-row="${key}"] input`;
}
