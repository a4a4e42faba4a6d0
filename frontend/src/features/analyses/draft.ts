import { getSession, subscribeSession } from "@/api/session";
import type { components } from "@/api/schema";
import { createStore } from "@/lib/store";
import type { Kind } from "./names";

type Schemas = components["schemas"];
export type Spec = Schemas["AnalysisSpec"];
export type FieldType = Schemas["FieldType"];

export const FIELD_TYPES: readonly { type: FieldType; label: string }[] = [
  { type: "text", label: "Text" },
  { type: "number", label: "Number" },
  { type: "date", label: "Date" },
  { type: "money", label: "Money" },
  { type: "boolean", label: "Yes or no" },
  { type: "choice", label: "One of a list" },
  { type: "list", label: "Several values" },
];

export interface DraftField {
  /** Keeps its row's focus while rows move. */
  key: number;
  name: string;
  type: FieldType;
  description: string;
  /** Of a choice; with commas or lines between. */
  options: string;
}

export interface DraftLabel {
  key: number;
  name: string;
  description: string;
}

/** All that was typed, of every kind: another kind may be tried without losing anything. */
export interface Draft {
  kind: Kind;
  name: string;
  from: "collection" | "documents";
  /** A collection's id, or nothing yet. */
  collection: string;
  documents: readonly { id: string; name: string }[];
  fields: readonly DraftField[];
  rows: Schemas["Rows"];
  labels: readonly DraftLabel[];
  /** One a line. */
  topics: string;
  focus: string;
  length: Schemas["Length"];
  instructions: string;
}

let lastKey = 0;

export function newField(part: Partial<Omit<DraftField, "key">> = {}): DraftField {
  lastKey += 1;
  return { name: "", type: "text", description: "", options: "", ...part, key: lastKey };
}

export function newLabel(part: Partial<Omit<DraftLabel, "key">> = {}): DraftLabel {
  lastKey += 1;
  return { name: "", description: "", ...part, key: lastKey };
}

export function emptyDraft(): Draft {
  return {
    kind: "extract",
    name: "",
    from: "collection",
    collection: "",
    documents: [],
    fields: [newField()],
    rows: "document",
    labels: [newLabel(), newLabel()],
    topics: "",
    focus: "",
    length: "medium",
    instructions: "",
  };
}

/** What is being written; it outlives the screen, not the session. */
export const draftStore = createStore<Draft>(emptyDraft());

subscribeSession(() => {
  if (getSession().status === "signed-out") draftStore.set(emptyDraft());
});

/** A draft that asks what a saved question or an earlier analysis asks. */
export function withSpec(draft: Draft, spec: Spec): Draft {
  const fields = spec.fields?.map((each) =>
    newField({
      name: each.name,
      type: each.type ?? "text",
      description: each.description ?? "",
      options: each.options?.join(", ") ?? "",
    }),
  );
  const labels = spec.labels?.map(({ name, description = "" }) => newLabel({ name, description }));
  return {
    ...draft,
    kind: spec.kind,
    instructions: spec.instructions ?? "",
    ...(spec.kind === "extract" && {
      fields: fields?.length ? fields : [newField()],
      rows: spec.rows ?? "document",
    }),
    ...(spec.kind === "classify" && {
      labels: labels?.length ? labels : [newLabel(), newLabel()],
    }),
    ...(spec.kind === "compare" && { topics: spec.topics?.join("\n") ?? "" }),
    ...(spec.kind === "summary" && { focus: spec.focus ?? "", length: spec.length ?? "medium" }),
  };
}

/** What is asked: only what belongs to the kind. */
export function specOf(draft: Draft): Spec {
  const { kind, instructions } = draft;
  return {
    kind,
    instructions,
    ...(kind === "extract" && {
      rows: draft.rows,
      fields: draft.fields.map(({ name, type, description, options }) => ({
        name,
        type,
        description,
        options: type === "choice" ? optionsOf(options) : [],
      })),
    }),
    ...(kind === "classify" && {
      labels: draft.labels.map(({ name, description }) => ({ name, description })),
    }),
    ...(kind === "compare" && { topics: linesOf(draft.topics) }),
    ...(kind === "summary" && { focus: draft.focus, length: draft.length }),
  };
}

export function bodyOf(draft: Draft): Schemas["AnalysisCreate"] {
  return {
    ...specOf(draft),
    ...(draft.name.trim() && { name: draft.name.trim() }),
    ...(draft.from === "collection"
      ? { collection_id: draft.collection }
      : { document_ids: draft.documents.map(({ id }) => id) }),
  };
}

export type Faults = Readonly<Record<string, string>>;

/** What is wrong with the question, by the names that the API gives to its parts. */
export function faultsOfSpec(draft: Draft): Faults {
  const faults: Record<string, string> = {};
  if (draft.kind === "extract") {
    if (draft.fields.length === 0) faults.fields = "Add a field.";
    Object.assign(faults, namesOnce(draft.fields, "fields"));
    draft.fields.forEach(({ type, options }, at) => {
      const given = optionsOf(options);
      if (type !== "choice") return;
      if (given.length < 2) faults[`fields.${at}`] = "Give two options or more.";
      else if (repeated(given)) faults[`fields.${at}`] = "Give each option once.";
    });
  }
  if (draft.kind === "classify") {
    if (draft.labels.length < 2) faults.labels = "Give two labels or more.";
    Object.assign(faults, namesOnce(draft.labels, "labels"));
  }
  if (draft.kind === "compare" && repeated(linesOf(draft.topics))) {
    faults.topics = "Give each topic once.";
  }
  return faults;
}

export function faultsOf(draft: Draft): Faults {
  const faults: Record<string, string> = { ...faultsOfSpec(draft) };
  if (draft.from === "collection") {
    if (draft.collection === "") faults.collection_id = "Choose a collection.";
  } else if (draft.documents.length === 0) {
    faults.document_ids = "Pick a document.";
  } else if (draft.kind === "compare" && draft.documents.length < 2) {
    faults.document_ids = "Pick two documents or more to compare.";
  }
  return faults;
}

/** Fields of a pasted list: a name a line or between tabs, `Name: type` where a type is meant. */
export function pastedFields(text: string): DraftField[] {
  const names = text.includes("\n") || text.includes("\t") ? text.split(/[\n\t]/) : text.split(",");
  const known = new Set<string>();
  return names.flatMap((each) => {
    const line = each.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, "").trim();
    const found = /^(.+?)\s*:\s*(\w[\w ]*)$/.exec(line);
    const type = typeNamed(found?.[2] ?? "");
    const name = (type && found?.[1] ? found[1] : line).slice(0, 100).trim();
    if (name === "" || known.has(name.toLowerCase())) return [];
    known.add(name.toLowerCase());
    return [newField({ name, ...(type && { type }) })];
  });
}

function typeNamed(text: string): FieldType | null {
  const word = text.toLowerCase();
  const found = FIELD_TYPES.find(({ type, label }) => [type, label.toLowerCase()].includes(word));
  // A pasted choice would have no options.
  return found && found.type !== "choice" ? found.type : null;
}

export function linesOf(text: string): string[] {
  return parts(text, /\n/);
}

export function optionsOf(text: string): string[] {
  return parts(text, /[,\n]/);
}

function parts(text: string, between: RegExp): string[] {
  return text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function namesOnce(named: readonly { name: string }[], what: string): Record<string, string> {
  const faults: Record<string, string> = {};
  const known = new Set<string>();
  named.forEach(({ name }, at) => {
    const plain = name.trim().toLowerCase();
    if (plain === "") faults[`${what}.${at}.name`] = "Give it a name.";
    else if (known.has(plain)) faults[`${what}.${at}.name`] = "Another one has this name.";
    known.add(plain);
  });
  return faults;
}

function repeated(words: readonly string[]): boolean {
  return new Set(words.map((each) => each.toLowerCase())).size < words.length;
}
