import { Badge } from "@/components/Badge";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Analysis = Schemas["Analysis"];
export type Kind = Schemas["Kind"];
export type Status = Analysis["status"];

/** What each kind is called, and what it makes of documents. */
export const KINDS: readonly { kind: Kind; label: string; about: string }[] = [
  {
    kind: "extract",
    label: "Extract",
    about: "Fills a table: a row a document, a column a field.",
  },
  { kind: "classify", label: "Classify", about: "Puts every document under one of your labels." },
  { kind: "compare", label: "Compare", about: "Sets documents side by side, topic by topic." },
  { kind: "summary", label: "Summary", about: "States the main points, each with its source." },
];

export function kindLabel(kind: Kind): string {
  return KINDS.find((each) => each.kind === kind)?.label ?? kind;
}

const STATES: Record<
  Status,
  { label: string; tone: "neutral" | "accent" | "ok" | "warn" | "danger" }
> = {
  queued: { label: "Queued", tone: "neutral" },
  running: { label: "Running", tone: "accent" },
  paused: { label: "Paused", tone: "warn" },
  completed: { label: "Completed", tone: "ok" },
  failed: { label: "Failed", tone: "danger" },
  cancelled: { label: "Cancelled", tone: "neutral" },
};

export const STATUSES = Object.entries(STATES).map(([status, { label }]) => ({
  status: status as Status,
  label,
}));

export function StatusBadge({ status }: { status: Status }) {
  return <Badge tone={STATES[status].tone}>{STATES[status].label}</Badge>;
}

/** Whether it still changes by itself. */
export function isLive(status: Status): boolean {
  return status === "queued" || status === "running";
}
