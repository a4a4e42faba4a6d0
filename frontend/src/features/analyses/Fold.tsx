import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

interface FoldProps {
  title: string;
  /** Beside the title, quietly. */
  aside?: string;
  open?: boolean;
  className?: string;
  children: ReactNode;
}

/** Something that is there when it is wanted. */
export function Fold({ title, aside, open = false, className, children }: FoldProps) {
  return (
    <details open={open} className={cx("group/fold", className)}>
      <summary className="flex list-none items-center gap-2 rounded-lg px-4 py-3 -outline-offset-2 hover:bg-hover [&::-webkit-details-marker]:hidden">
        <ChevronRight
          size={15}
          aria-hidden
          className="shrink-0 text-faint transition-transform group-open/fold:rotate-90"
        />
        <span className="min-w-0 flex-1 truncate font-medium">{title}</span>
        {aside && <span className="text-sm whitespace-nowrap text-muted">{aside}</span>}
      </summary>
      {children}
    </details>
  );
}
