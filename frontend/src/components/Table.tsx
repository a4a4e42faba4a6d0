import { ChevronDown, ChevronUp } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/lib/cx";

interface TableProps {
  label: string;
  /**
   * On a phone each row is a card: its first cell is the title, a cell with `actions` stands at the title's
   * right, and each other is a line that begins with its `name`. As `tiles`, short ones stand side by side,
   * each below its name.
   */
  cards?: boolean | "tiles";
  children: ReactNode;
}

/** A table that scrolls sideways within its frame, so that the page never does. */
export function Table({ label, cards = false, children }: TableProps) {
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      // `relative`: what is only read aloud within it must not widen the page.
      className="relative overflow-x-auto rounded-lg border border-line bg-surface"
    >
      <table
        data-cards={cards || undefined}
        className="w-full border-collapse text-left max-sm:data-cards:block max-sm:data-cards:[&>tbody]:block max-sm:data-cards:[&>thead]:sr-only"
      >
        {children}
      </table>
    </div>
  );
}

interface HeadProps extends ComponentProps<"th"> {
  /** How the table is ordered by this column; left out where it cannot be. */
  sorted?: "ascending" | "descending" | "none";
  onSort?: () => void;
  numeric?: boolean;
}

export function Th({ sorted, onSort, numeric = false, className, children, ...props }: HeadProps) {
  const Arrow = sorted === "descending" ? ChevronDown : ChevronUp;
  return (
    <th
      scope="col"
      aria-sort={sorted}
      className={cx(
        "border-b border-line px-4 py-2 text-xs font-medium whitespace-nowrap text-muted",
        numeric && "text-right",
        className,
      )}
      {...props}
    >
      {onSort ? (
        <>
          <button
            type="button"
            onClick={onSort}
            // A figure's heading ends where its figures do; the arrow stands before it.
            className={cx(
              "inline-flex items-center gap-1 hover:text-ink card:hidden",
              numeric && "flex-row-reverse",
            )}
          >
            {children}
            <Arrow size={13} aria-hidden className={sorted === "none" ? "opacity-0" : ""} />
          </button>
          {/* Above cards a heading is only read aloud, and nobody would see the button's focus. */}
          <span className="hidden card:inline">{children}</span>
        </>
      ) : (
        children
      )}
    </th>
  );
}

export function Tr({ className, ...props }: ComponentProps<"tr">) {
  return (
    <tr
      className={cx(
        "border-line not-last:border-b",
        "card:grid card:grid-cols-[minmax(0,1fr)_auto] card:gap-x-3 card:gap-y-1 card:px-4 card:py-3 tiles:grid-cols-[repeat(auto-fit,minmax(5.5rem,1fr))]",
        className,
      )}
      {...props}
    />
  );
}

interface CellProps extends ComponentProps<"td"> {
  numeric?: boolean;
  /** What its line of a card begins with. */
  name?: string;
  /** Has what can be done with the row. */
  actions?: boolean;
}

export function Td({ numeric, name, actions, className, children, ...props }: CellProps) {
  return (
    <td
      className={cx(
        "px-4 py-3 card:min-w-0 card:p-0",
        numeric && "text-right tabular-nums card:text-left",
        name &&
          "card:col-span-full card:grid card:grid-cols-[6rem_1fr] card:items-baseline tiles:col-span-1 tiles:grid-cols-1",
        !name && !actions && "tiles:col-span-full",
        actions &&
          // The words of its buttons stand on the title's line and end where the card's other words do.
          "text-right whitespace-nowrap card:col-start-2 card:row-start-1 card:-mt-1 card:-mr-2.5 card:-mb-1",
        className,
      )}
      {...props}
    >
      {name && (
        <span aria-hidden className="hidden font-sans text-sm text-muted card:block">
          {name}
        </span>
      )}
      {name ? <div>{children}</div> : children}
    </td>
  );
}
