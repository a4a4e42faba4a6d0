import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  /** What belongs here and how it comes here. */
  children: ReactNode;
  action?: ReactNode;
  /** The rank of its heading: 1 where it is the whole page. */
  level?: 1 | 2;
}

export function EmptyState({ icon: Icon, title, children, action, level = 2 }: EmptyStateProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center px-6 py-16 text-center">
      <span className="mb-4 grid size-11 place-items-center rounded-md bg-sunken text-muted">
        <Icon size={20} aria-hidden />
      </span>
      <Heading className="text-lg font-semibold">{title}</Heading>
      <div className="mt-1 text-muted">{children}</div>
      {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
