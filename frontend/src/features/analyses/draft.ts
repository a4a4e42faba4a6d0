import type { components } from "@/api/schema";
import type { Kind } from "./kinds";

type Schemas = components["schemas"];

export interface DraftField {
  name: string;
  type: Schemas["FieldType"];
  description: string;
  /** Of a choice; with commas between. */
  options: string;
}

/** All that was typed, of every kind: another kind may be tried without losing anything. */
export interface Draft {
  kind: Kind;
  name: string;
  /** A collection's id; empty: the picked documents. */
  collection: string;
  documents: readonly string[];
  fields: readonly DraftField[];
  /** One a line, as `topics`. */
  labels: string;
  topics: string;
  focus: string;
  length: Schemas["Length"];
  instructions: string;
}

export const NEW_FIELD: DraftField = { name: "", type: "text", description: "", options: "" };

export const EMPTY: Draft = {
  kind: "extract",
  name: "",
  collection: "",
  documents: [],
  fields: [NEW_FIELD],
  labels: "",
  topics: "",
  focus: "",
  length: "medium",
  instructions: "",
};

/** What has to be added before it can be sent; null when nothing. */
export function lacks(draft: Draft): string | null {
  if (draft.collection === "" && draft.documents.length === 0) {
    return "Choose a collection or pick a document.";
  }
  if (draft.kind === "extract") {
    if (draft.fields.length === 0) return "Add a field.";
    if (draft.fields.some((each) => each.name.trim() === "")) return "Give every field a name.";
  }
  if (draft.kind === "classify" && parts(draft.labels, "\n").length < 2) {
    return "Give two labels or more.";
  }
  return null;
}

/** What is sent: only what belongs to the kind. */
export function bodyOf(draft: Draft): Schemas["AnalysisCreate"] {
  return {
    kind: draft.kind,
    ...(draft.name.trim() && { name: draft.name.trim() }),
    ...(draft.collection
      ? { collection_id: draft.collection }
      : { document_ids: [...draft.documents] }),
    ...(draft.kind === "extract" && {
      fields: draft.fields.map(({ options, ...field }) => ({
        ...field,
        options: field.type === "choice" ? parts(options, ",") : [],
      })),
    }),
    ...(draft.kind === "classify" && {
      labels: parts(draft.labels, "\n").map((name) => ({ name })),
    }),
    ...(draft.kind === "compare" && { topics: parts(draft.topics, "\n") }),
    ...(draft.kind === "summary" && { focus: draft.focus, length: draft.length }),
    instructions: draft.instructions,
  };
}

function parts(text: string, between: string): string[] {
  return text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
