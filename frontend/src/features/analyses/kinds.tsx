import { GitCompareArrows, List, Table2, Tags, type LucideIcon } from "lucide-react";
import { isLive } from "@/api/analyses";
import type { Analysis } from "@/api/types";
import { Badge } from "@/components/Badge";
import { KINDS, type Kind, type Status } from "./names";

/** What each kind is called, and what it makes of documents. */
const FACES: Record<Kind, { label: string; about: string; icon: LucideIcon }> = {
  extract: {
    label: "Extract",
    about: "Fill a table: a row for each document, a column for each thing you want to know.",
    icon: Table2,
  },
  classify: {
    label: "Classify",
    about: "Put every document under one of your labels.",
    icon: Tags,
  },
  compare: {
    label: "Compare",
    about: "Set documents side by side, topic by topic: where they agree, differ, or are silent.",
    icon: GitCompareArrows,
  },
  summary: {
    label: "Summarise",
    about: "State the main points, of each document and over all, each with its source.",
    icon: List,
  },
};

export const KIND_FACES = KINDS.map((kind) => ({ kind, ...FACES[kind] }));

export function kindOf(kind: Kind) {
  return FACES[kind];
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

export function statusLabel(status: Status): string {
  return STATES[status].label;
}

export function StatusBadge({ status }: { status: Status }) {
  return <Badge tone={STATES[status].tone}>{STATES[status].label}</Badge>;
}

/** What to say while an analysis has no `thing` to show. */
export function nothingOf(analysis: Analysis, thing: "row" | "point") {
  if (isLive(analysis)) {
    return {
      title: "Reading",
      children: `Each ${thing} appears here once its document is through.`,
    };
  }
  if (analysis.status === "paused") {
    return { title: "Nothing yet", children: "It was paused before a document was through." };
  }
  return { title: "Nothing was found", children: `No document of this analysis gave a ${thing}.` };
}
