import { ChevronDown, ChevronUp } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/lib/cx";

/** A table that scrolls sideways within its frame, so that the page never does. */
export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      // `relative`: what is only read aloud within it must not widen the page.
      className="relative overflow-x-auto rounded-lg border border-line bg-surface"
    >
      <table className="w-full border-collapse text-left">{children}</table>
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
        <button
          type="button"
          onClick={onSort}
          // A figure's heading ends where its figures do; the arrow stands before it.
          className={cx(
            "inline-flex items-center gap-1 hover:text-ink",
            numeric && "flex-row-reverse",
          )}
        >
          {children}
          <Arrow size={13} aria-hidden className={sorted === "none" ? "opacity-0" : ""} />
        </button>
      ) : (
        children
      )}
    </th>
  );
}

export function Tr({ className, ...props }: ComponentProps<"tr">) {
  return <tr className={cx("border-line not-last:border-b", className)} {...props} />;
}

export function Td({
  numeric = false,
  className,
  ...props
}: ComponentProps<"td"> & { numeric?: boolean }) {
  return (
    <td className={cx("px-4 py-3", numeric && "text-right tabular-nums", className)} {...props} />
  );
}
