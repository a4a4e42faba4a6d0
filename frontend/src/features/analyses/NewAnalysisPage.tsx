import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { ANALYSIS_LISTS } from "@/api/analyses";
import { api, call } from "@/api/client";
import { collectionsQuery } from "@/api/collections";
import { useMay } from "@/api/me";
import { Problem } from "@/api/problem";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { SelectField, TextArea, TextField } from "@/components/Field";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { toast } from "@/components/toast";
import { cx } from "@/lib/cx";
import { newId } from "@/lib/ids";
import { useStore } from "@/lib/store";
import { useSettled } from "@/lib/use-settled";
import { DocumentPicker } from "./DocumentPicker";
import {
  bodyOf,
  draftStore,
  emptyDraft,
  faultsOf,
  faultsOfSpec,
  linesOf,
  specOf,
  withSpec,
  type Draft,
  type Faults,
} from "./draft";
import { FieldEditor } from "./FieldEditor";
import { BudgetLink, Forecast, ForecastSkeleton, useEstimate } from "./Forecast";
import { KIND_FACES } from "./kinds";
import { LabelEditor } from "./LabelEditor";
import { SaveTemplate, Templates } from "./Templates";
import type { Template } from "./templates";

type Body = components["schemas"]["AnalysisCreate"];
type Change = (part: Partial<Draft>) => void;

interface PartProps {
  draft: Draft;
  faults: Faults;
  change: Change;
}

export function NewAnalysisPage() {
  const may = useMay("member");
  if (!may) {
    const refused = { status: 403, code: "forbidden", title: "Forbidden" };
    return (
      <Page title="New analysis">
        <ErrorState error={new Problem({ ...refused, detail: "Members can begin an analysis." })} />
      </Page>
    );
  }
  return <Writing />;
}

function Writing() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const draft = useStore(draftStore);
  const [settled, setSettled] = useState(draft);
  const [checked, setChecked] = useState(false);
  const [template, setTemplate] = useState<Template | null>(null);
  const [saving, setSaving] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  // One for one question: sent again after a lost answer, it starts nothing twice.
  const key = useRef(newId());

  const creating = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Body) =>
      call(
        api.POST("/v1/analyses", {
          body,
          params: { header: { "idempotency-key": key.current } },
        }),
      ),
    onSuccess: async ({ id }) => {
      draftStore.set(emptyDraft());
      void client.invalidateQueries({ queryKey: ANALYSIS_LISTS });
      await navigate({ to: "/analyses/$analysisId", params: { analysisId: id } });
    },
  });
  useSettled(draft, 700, setSettled);
  const isWhole = Object.keys(faultsOf(settled)).length === 0;
  const estimate = useEstimate(isWhole ? bodyOf(settled) : null);

  const change: Change = (part) => {
    draftStore.set((before) => ({ ...before, ...part }));
    key.current = newId();
    creating.reset();
  };
  const own = faultsOf(draft);
  const told = creating.error instanceof Problem ? creating.error.fields : {};
  const faults = checked ? { ...told, ...own } : told;
  useEffect(() => {
    if (creating.error) focusFault(form.current);
  }, [creating.error]);

  const run = () => {
    setChecked(true);
    if (Object.keys(own).length === 0) creating.mutate(bodyOf(draft));
    // The faults are drawn first.
    else requestAnimationFrame(() => focusFault(form.current));
  };
  const save = () => {
    if (Object.keys(faultsOfSpec(draft)).length === 0) {
      setSaving(true);
      return;
    }
    setChecked(true);
    toast("Complete the question first", { detail: "What is missing is marked." });
  };

  return (
    <Page
      title="New analysis"
      description="Nothing runs before you have seen what it takes."
      actions={
        <Templates
          onSave={save}
          onUse={(chosen) => {
            setTemplate(chosen);
            change(withSpec(draft, chosen));
          }}
        />
      }
    >
      <div className="grid max-w-6xl items-start gap-8 xl:grid-cols-[minmax(0,1fr)_18rem]">
        <div ref={form} className="grid gap-8">
          <Kinds draft={draft} faults={faults} change={change} />
          <Documents draft={draft} faults={faults} change={change} />
          <Question draft={draft} faults={faults} change={change} />
        </div>
        <aside
          aria-label="What it takes"
          className="rounded-lg border border-line bg-surface p-4 xl:sticky xl:top-6"
        >
          <h2 className="mb-3 font-semibold">What it takes</h2>
          {!isWhole ? (
            <p className="text-muted">{stillMissing(faultsOf(settled))}</p>
          ) : estimate.error ? (
            <Refused error={estimate.error} onRetry={() => void estimate.refetch()} />
          ) : !estimate.data ? (
            <ForecastSkeleton />
          ) : (
            <div className={cx(estimate.isPlaceholderData && "opacity-60")}>
              <Forecast estimate={estimate.data} />
            </div>
          )}
          {creating.error && <Trouble error={creating.error} draft={draft} />}
          {checked && Object.keys(own).length > 0 && (
            <p role="status" className="mt-3 text-sm text-danger">
              Something is missing: it is marked.
            </p>
          )}
          <Button
            look="primary"
            icon={Play}
            className="mt-4 w-full"
            pending={creating.isPending}
            onClick={run}
          >
            Run the analysis
          </Button>
        </aside>
      </div>
      {saving && (
        <SaveTemplate
          spec={specOf(draft)}
          name={draft.name}
          origin={template?.kind === draft.kind ? template : null}
          onClose={() => setSaving(false)}
        />
      )}
    </Page>
  );
}

function focusFault(form: HTMLElement | null): void {
  form?.querySelector<HTMLElement>("[aria-invalid=true], [data-fault] input")?.focus();
}

function stillMissing(faults: Faults): string {
  const [first] = Object.keys(faults);
  if (first === "collection_id" || first === "document_ids") {
    return "Shown when the documents are chosen.";
  }
  return "Shown when the question is complete.";
}

/** Why nothing can be estimated; the run would most likely be refused as well. */
function Refused({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const isBudget = error instanceof Problem && error.status === 402;
  const isFinal = error instanceof Problem && [402, 404, 409, 422].includes(error.status);
  return (
    <div className="grid gap-2">
      <Notice
        tone={isBudget ? "warn" : "danger"}
        {...(isBudget && { title: "The budget is spent" })}
        problem={error}
      />
      {isBudget && (
        <p className="text-sm">
          See <BudgetLink />.
        </p>
      )}
      {!isFinal && (
        <Button size="sm" onClick={onRetry}>
          Estimate again
        </Button>
      )}
    </div>
  );
}

/** Why the run was refused; what stands at a field is not said twice. */
function Trouble({ error, draft }: { error: Error; draft: Draft }) {
  const fields = error instanceof Problem ? Object.entries(error.fields) : [];
  if (fields.length === 0) {
    return (
      <div className="mt-3">
        <Refused error={error} onRetry={() => undefined} />
      </div>
    );
  }
  const homeless = fields.filter(([name]) => !hasPlace(draft, name));
  return (
    <Notice tone="danger" className="mt-3">
      <p>{homeless.length === 0 ? "Something was not accepted: it is marked." : "Not accepted:"}</p>
      <ul>
        {homeless.map(([name, message]) => (
          <li key={name}>{message}</li>
        ))}
      </ul>
    </Notice>
  );
}

/** Whether what is wrong with it is shown where it is written. */
function hasPlace(draft: Draft, name: string): boolean {
  if (name === "collection_id") return draft.from === "collection";
  if (name === "document_ids") return draft.from === "documents";
  const places = {
    extract: /^fields(\.\d+(\.(name|type|description|options))?)?$/,
    classify: /^labels(\.\d+\.(name|description))?$/,
    compare: /^topics(\.\d+)?$/,
    summary: /^(focus|length)$/,
  };
  return name === "name" || name === "instructions" || places[draft.kind].test(name);
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="grid min-w-0 gap-3">
      <legend className="mb-3 text-lg font-semibold">{title}</legend>
      {children}
    </fieldset>
  );
}

function Kinds({ draft, change }: PartProps) {
  return (
    <Part title="What is to be done">
      <div className="grid gap-2 sm:grid-cols-2">
        {KIND_FACES.map(({ kind, label, about, icon: Icon }) => (
          <label
            key={kind}
            className={cx(
              "flex cursor-pointer items-start gap-3 rounded-lg border p-3 transition-colors",
              "has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
              draft.kind === kind
                ? "border-accent bg-accent-soft"
                : "border-line bg-surface hover:bg-hover",
            )}
          >
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={draft.kind === kind}
              onChange={() => change({ kind })}
              className="sr-only"
            />
            <Icon
              size={17}
              aria-hidden
              className={cx("mt-0.5 shrink-0", draft.kind === kind ? "text-accent" : "text-faint")}
            />
            <span>
              <span className="block font-medium">{label}</span>
              <span className="block text-sm text-muted">{about}</span>
            </span>
          </label>
        ))}
      </div>
    </Part>
  );
}

interface EitherProps<Value extends string> {
  name: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of two or three, side by side. */
function Either<Value extends string>({ name, value, options, onChange }: EitherProps<Value>) {
  return (
    <div className="flex w-fit flex-wrap rounded-md bg-sunken p-0.5">
      {options.map((option) => (
        <label
          key={option.value}
          className={cx(
            "flex h-8 cursor-pointer items-center rounded-sm px-3 font-medium",
            "has-focus-visible:outline-2 has-focus-visible:outline-accent",
            value === option.value ? "bg-surface shadow-raised" : "text-muted hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
            className="sr-only"
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}

function Documents({ draft, faults, change }: PartProps) {
  const collections = useQuery(collectionsQuery);
  return (
    <Part title="Of which documents">
      <Either
        name="from"
        value={draft.from}
        options={[
          { value: "collection", label: "A collection" },
          { value: "documents", label: "Picked documents" },
        ]}
        onChange={(from) => change({ from })}
      />
      {draft.from === "documents" ? (
        <div className="min-w-0" data-fault={faults.document_ids && true}>
          <DocumentPicker
            picked={draft.documents}
            onChange={(documents) => change({ documents })}
          />
          {faults.document_ids && (
            <p className="mt-1.5 text-sm text-danger">{faults.document_ids}</p>
          )}
        </div>
      ) : collections.error ? (
        <Notice tone="danger" problem={collections.error} />
      ) : collections.data?.length === 0 ? (
        <p className="text-muted">
          There is no collection yet: make one in the{" "}
          <Link to="/library" className="font-medium underline underline-offset-4">
            library
          </Link>
          , or pick documents.
        </p>
      ) : (
        <div className="sm:max-w-md">
          <SelectField
            label="Collection"
            hideLabel
            name="collection_id"
            value={draft.collection}
            error={faults.collection_id}
            hint="Documents that join it later can be added to the analysis with one click."
            onChange={({ target }) => change({ collection: target.value })}
          >
            <option value="">Choose a collection</option>
            {collections.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        </div>
      )}
    </Part>
  );
}

const QUESTIONS: Record<Draft["kind"], string> = {
  extract: "What to find in each",
  classify: "The labels to choose from",
  compare: "On which topics",
  summary: "What to sum up",
};

function Question({ draft, faults, change }: PartProps) {
  return (
    <>
      <Part title={QUESTIONS[draft.kind]}>
        {draft.kind === "extract" && (
          <>
            <FieldEditor
              fields={draft.fields}
              faults={faults}
              onChange={(fields) => change({ fields })}
            />
            <div className="grid gap-1.5">
              <p className="text-sm font-medium">A row of the table is</p>
              <Either
                name="rows"
                value={draft.rows}
                options={[
                  { value: "document", label: "A document" },
                  { value: "item", label: "An item within it" },
                ]}
                onChange={(rows) => change({ rows })}
              />
              {draft.rows === "item" && (
                <p className="text-sm text-muted">
                  For documents that list things, such as the lines of an invoice: each gets a row.
                </p>
              )}
            </div>
          </>
        )}
        {draft.kind === "classify" && (
          <LabelEditor
            labels={draft.labels}
            faults={faults}
            onChange={(labels) => change({ labels })}
          />
        )}
        {draft.kind === "compare" && (
          <TextArea
            label="Topics"
            name="topics"
            rows={5}
            placeholder={"Notice period\nLiability\nPayment"}
            hint="One a line. Left empty, they are what the documents themselves treat."
            value={draft.topics}
            error={faults.topics ?? topicFault(faults, draft)}
            onChange={({ target }) => change({ topics: target.value })}
          />
        )}
        {draft.kind === "summary" && (
          <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_10rem]">
            <TextField
              label="Focus"
              name="focus"
              placeholder="Risks for the buyer"
              hint="Left empty, it is what each document is mainly about."
              maxLength={1000}
              value={draft.focus}
              error={faults.focus}
              onChange={({ target }) => change({ focus: target.value })}
            />
            <SelectField
              label="Length"
              name="length"
              value={draft.length}
              error={faults.length}
              onChange={({ target }) => change({ length: target.value as Draft["length"] })}
            >
              <option value="short">Short</option>
              <option value="medium">Medium</option>
              <option value="long">Long</option>
            </SelectField>
          </div>
        )}
      </Part>
      <Part title="More">
        <TextField
          label="Name"
          name="name"
          placeholder="Made from the kind and the number of documents"
          maxLength={200}
          value={draft.name}
          error={faults.name}
          onChange={({ target }) => change({ name: target.value })}
        />
        <TextArea
          label="Instructions"
          name="instructions"
          hint="What else a language model should heed. Where none is set up, they are not used."
          placeholder="Amounts are in thousands."
          maxLength={4000}
          value={draft.instructions}
          error={faults.instructions}
          onChange={({ target }) => change({ instructions: target.value })}
        />
      </Part>
    </>
  );
}

/** The server speaks of the third topic; they share one box here. */
function topicFault(faults: Faults, draft: Draft): string | undefined {
  const found = Object.entries(faults).find(([name]) => name.startsWith("topics."));
  if (!found) return undefined;
  const topic = linesOf(draft.topics)[Number(found[0].split(".")[1])];
  return topic ? `“${topic.slice(0, 40)}”: ${found[1]}` : found[1];
}
