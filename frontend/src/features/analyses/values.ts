import type { components } from "@/api/schema";

export type Cell = components["schemas"]["TableCell"];
export type Row = components["schemas"]["TableRow"];

/** Below this a value is worth a second look. */
export const LOW = 0.6;

/** A normalised value in words. */
export function cellText({ value }: Cell): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object") {
    return Object.values(value)
      .filter((part) => part !== null)
      .join(" ");
  }
  return String(value);
}

export function isLow({ confidence }: Cell): boolean {
  return confidence !== null && confidence < LOW;
}

/** Which rows are shown: all, those that lack a value, those with a doubtful one. */
export type Gap = "all" | "missing" | "low";

export interface View {
  text: string;
  gap: Gap;
  /** A column and a value that it must have, as `cellText` writes it. */
  only: { column: string; text: string } | null;
  sort: { column: string | null; descending: boolean } | null;
}

export const EVERYTHING: View = { text: "", gap: "all", only: null, sort: null };

/** A column's name for the documents themselves. */
export const DOCUMENT = null;

export function shownRows(rows: readonly Row[], columns: readonly string[], view: View): Row[] {
  const text = view.text.trim().toLowerCase();
  const shown = rows.filter(
    (row) =>
      fitsGap(row, columns, view.gap) &&
      (text === "" || words(row, columns).some((each) => each.toLowerCase().includes(text))) &&
      (!view.only || textIn(row, view.only.column) === view.only.text),
  );
  const { sort } = view;
  if (!sort) return shown;
  return shown.sort((a, b) =>
    compare(keyOf(a, sort.column), keyOf(b, sort.column), sort.descending),
  );
}

export function fitsGap(row: Row, columns: readonly string[], gap: Gap): boolean {
  if (gap === "missing") return columns.some((column) => !row.cells[column]);
  if (gap === "low") {
    return columns.some((column) => {
      const cell = row.cells[column];
      return cell ? isLow(cell) : false;
    });
  }
  return true;
}

function words(row: Row, columns: readonly string[]): string[] {
  const cells = columns.map((column) => textIn(row, column));
  return [row.document_name ?? "", ...cells];
}

function textIn(row: Row, column: string): string {
  const cell = row.cells[column];
  return cell ? cellText(cell) : "";
}

type Key = string | number | null;

function keyOf(row: Row, column: string | null): Key {
  if (column === DOCUMENT) return row.document_name;
  const cell = row.cells[column];
  if (!cell) return null;
  const { value } = cell;
  if (typeof value === "number") return value;
  if (typeof value === "object" && !Array.isArray(value)) {
    const amount = Number(value.amount ?? Number.NaN);
    if (Number.isFinite(amount)) return amount;
  }
  return cellText(cell);
}

/** What was not found is last, whichever way the rest is ordered. */
function compare(a: Key, b: Key, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}
