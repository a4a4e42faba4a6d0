import type { components } from "@/api/schema";
import type { Analysis } from "@/api/types";

export type Kind = components["schemas"]["Kind"];
export type Status = Analysis["status"];

export const KINDS: readonly Kind[] = ["extract", "classify", "compare", "summary"];
export const STATUSES: readonly Status[] = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
];
