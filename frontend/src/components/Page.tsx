import { useEffect, type ReactNode } from "react";

interface PageProps {
  title: string;
  /** The title in the browser's tab, where it is another than the heading. */
  tab?: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Fills the height; its content scrolls by itself. */
  fill?: boolean;
  children: ReactNode;
}

/** The frame of every screen behind the sign-in: its heading, what can be done, its content. */
export function Page({
  title,
  tab = title,
  description,
  actions,
  fill = false,
  children,
}: PageProps) {
  useTitle(tab);
  return (
    <div className={fill ? "flex h-full min-h-0 flex-col" : "pb-16"}>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-3 px-4 pt-5 pb-4 sm:px-8 sm:pt-7">
        <div className={fill ? "min-w-0 flex-1 basis-20" : "min-w-0 flex-1 basis-60"}>
          <h1 className="truncate text-xl font-semibold">{title}</h1>
          {description && <div className="mt-0.5 text-muted">{description}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className={fill ? "flex min-h-0 flex-1 flex-col px-4 sm:px-8" : "px-4 sm:px-8"}>
        {children}
      </div>
    </div>
  );
}

/** Names the tab; the shell tells readers of a change. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Assay`;
  }, [title]);
}
