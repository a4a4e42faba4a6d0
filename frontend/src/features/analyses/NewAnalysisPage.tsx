import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import type { components } from "@/api/schema";
import { Button, IconButton } from "@/components/Button";
import { Checkbox } from "@/components/Checkbox";
import { SelectField, TextArea, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { formatCount, formatMoney, formatNumber, formatSeconds } from "@/lib/format";
import { bodyOf, EMPTY, lacks, NEW_FIELD, type Draft, type DraftField } from "./draft";
import { KINDS } from "./kinds";

const TYPES = ["text", "number", "date", "money", "boolean", "choice", "list"] as const;
type Estimate = components["schemas"]["Estimate"];

export function NewAnalysisPage() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [missing, setMissing] = useState<string | null>(null);
  const creating = useMutation({
    meta: { quiet: true },
    mutationFn: (body: ReturnType<typeof bodyOf>) => call(api.POST("/v1/analyses", { body })),
    onSuccess: async ({ id }) => {
      void client.invalidateQueries({ queryKey: ["analyses", "list"] });
      await navigate({ to: "/analyses/$analysisId", params: { analysisId: id } });
    },
  });
  const estimating = useMutation({
    meta: { quiet: true },
    mutationFn: (body: ReturnType<typeof bodyOf>) =>
      call(api.POST("/v1/analyses/estimate", { body })),
  });
  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    // An estimate of something else would mislead.
    estimating.reset();
    setMissing(null);
  };
  const send = (go: (body: ReturnType<typeof bodyOf>) => void) => {
    const lack = lacks(draft);
    setMissing(lack);
    if (lack === null) go(bodyOf(draft));
  };
  return (
    <Page title="New analysis" description="Nothing runs before you have seen what it takes.">
      <Form
        className="max-w-3xl"
        error={creating.error ?? estimating.error}
        onSubmit={() => send(estimating.data ? creating.mutate : estimating.mutate)}
      >
        <div className="grid gap-5">
          <SelectField
            label="Kind"
            name="kind"
            value={draft.kind}
            hint={KINDS.find((each) => each.kind === draft.kind)?.about}
            onChange={({ target }) => {
              const kind = KINDS.find((each) => each.kind === target.value)?.kind;
              if (kind) change({ kind });
            }}
          >
            {KINDS.map((each) => (
              <option key={each.kind} value={each.kind}>
                {each.label}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Name"
            name="name"
            hint="Left empty, it is made from the kind and the documents."
            value={draft.name}
            onChange={({ target }) => change({ name: target.value })}
          />
          <Documents draft={draft} change={change} />
          {draft.kind === "extract" && (
            <Fields fields={draft.fields} onChange={(fields) => change({ fields })} />
          )}
          {draft.kind === "classify" && (
            <TextArea
              label="Labels"
              name="labels"
              hint="One a line, two or more."
              value={draft.labels}
              onChange={({ target }) => change({ labels: target.value })}
            />
          )}
          {draft.kind === "compare" && (
            <TextArea
              label="Topics"
              name="topics"
              hint="One a line. Left empty: what the documents themselves treat."
              value={draft.topics}
              onChange={({ target }) => change({ topics: target.value })}
            />
          )}
          {draft.kind === "summary" && (
            <>
              <TextField
                label="Focus"
                name="focus"
                value={draft.focus}
                onChange={({ target }) => change({ focus: target.value })}
              />
              <SelectField
                label="Length"
                name="length"
                value={draft.length}
                onChange={({ target }) => change({ length: target.value as Draft["length"] })}
              >
                <option value="short">Short</option>
                <option value="medium">Medium</option>
                <option value="long">Long</option>
              </SelectField>
            </>
          )}
          <TextArea
            label="Instructions"
            name="instructions"
            hint="What else the language model should heed."
            value={draft.instructions}
            onChange={({ target }) => change({ instructions: target.value })}
          />
          {missing && <Notice tone="danger">{missing}</Notice>}
          {estimating.data && <Forecast estimate={estimating.data} />}
          <Button
            type="submit"
            look="primary"
            pending={creating.isPending || estimating.isPending}
            className="justify-self-start"
          >
            {estimating.data ? "Run the analysis" : "Estimate"}
          </Button>
        </div>
      </Form>
    </Page>
  );
}

function Forecast({ estimate }: { estimate: Estimate }) {
  const left = estimate.budget_left_usd;
  const over = left !== null && estimate.cost_usd > left;
  return (
    <Notice tone={over ? "warn" : "info"} title={over ? "More than the budget has left" : "About"}>
      {formatCount(estimate.documents, "document")},{" "}
      {formatNumber(estimate.input_tokens + estimate.output_tokens)} tokens,{" "}
      {formatMoney(estimate.cost_usd)}, {formatSeconds(estimate.seconds)}.
      {estimate.unready > 0 && ` ${formatCount(estimate.unready, "document")} not read yet.`}
      {left !== null && ` This month's budget has ${formatMoney(left)} left.`}
    </Notice>
  );
}

interface PartProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

function Documents({ draft, change }: PartProps) {
  const [q, setQ] = useState("");
  const collections = useQuery({
    queryKey: ["analyses", "collections"],
    queryFn: ({ signal }) => call(api.GET("/v1/collections", { signal })),
  });
  const documents = useQuery({
    queryKey: ["analyses", "documents", q],
    queryFn: ({ signal }) =>
      call(api.GET("/v1/documents", { signal, params: { query: q ? { q } : {} } })),
    enabled: draft.collection === "",
    placeholderData: (before) => before,
  });
  const error = collections.error ?? documents.error;
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-2 text-lg font-semibold">Documents</legend>
      {error && <Notice tone="danger" problem={error} />}
      <SelectField
        label="From"
        name="collection_id"
        value={draft.collection}
        onChange={({ target }) => change({ collection: target.value })}
      >
        <option value="">Documents picked below</option>
        {collections.data?.items.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </SelectField>
      {draft.collection === "" && (
        <>
          <TextField
            label="Find by name"
            value={q}
            hint={`${formatCount(draft.documents.length, "document")} picked.`}
            onChange={({ target }) => setQ(target.value)}
          />
          <ul
            aria-label="Documents to pick"
            className="max-h-60 overflow-y-auto rounded-md border border-line"
          >
            {documents.data?.items.map((each) => (
              <li key={each.id} className="flex items-center gap-3 px-3 py-2">
                <Checkbox
                  label={each.name}
                  checked={draft.documents.includes(each.id)}
                  onChange={(checked) =>
                    change({
                      documents: checked
                        ? [...draft.documents, each.id]
                        : draft.documents.filter((id) => id !== each.id),
                    })
                  }
                />
                <span className="truncate">{each.name}</span>
              </li>
            ))}
            {documents.data?.items.length === 0 && (
              <li className="px-3 py-2 text-muted">No document has this name.</li>
            )}
          </ul>
        </>
      )}
    </fieldset>
  );
}

interface FieldsProps {
  fields: readonly DraftField[];
  onChange: (fields: readonly DraftField[]) => void;
}

function Fields({ fields, onChange }: FieldsProps) {
  const put = (at: number, part: Partial<DraftField>) =>
    onChange(fields.map((each, index) => (index === at ? { ...each, ...part } : each)));
  const move = (at: number, by: number) => {
    const rest = fields.filter((_, index) => index !== at);
    onChange([...rest.slice(0, at + by), ...fields.slice(at, at + 1), ...rest.slice(at + by)]);
  };
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-2 text-lg font-semibold">Fields</legend>
      {fields.map((field, at) => (
        <div key={at} className="grid gap-3 rounded-md border border-line p-3 sm:grid-cols-2">
          <TextField
            label={`Name of field ${at + 1}`}
            name={`fields.${at}.name`}
            value={field.name}
            onChange={({ target }) => put(at, { name: target.value })}
          />
          <SelectField
            label={`Type of field ${at + 1}`}
            name={`fields.${at}.type`}
            value={field.type}
            onChange={({ target }) => put(at, { type: target.value as DraftField["type"] })}
          >
            {TYPES.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </SelectField>
          <TextField
            label="What is meant"
            name={`fields.${at}.description`}
            value={field.description}
            onChange={({ target }) => put(at, { description: target.value })}
          />
          {field.type === "choice" && (
            <TextField
              label="Options"
              name={`fields.${at}`}
              hint="Two or more, with commas between."
              value={field.options}
              onChange={({ target }) => put(at, { options: target.value })}
            />
          )}
          <div className="flex gap-1 sm:col-span-2">
            {at > 0 && (
              <IconButton
                icon={ArrowUp}
                label={`Move field ${at + 1} up`}
                onClick={() => move(at, -1)}
              />
            )}
            {at < fields.length - 1 && (
              <IconButton
                icon={ArrowDown}
                label={`Move field ${at + 1} down`}
                onClick={() => move(at, 1)}
              />
            )}
            <IconButton
              icon={Trash2}
              label={`Remove field ${at + 1}`}
              onClick={() => onChange(fields.filter((_, index) => index !== at))}
            />
          </div>
        </div>
      ))}
      <Button
        icon={Plus}
        className="justify-self-start"
        onClick={() => onChange([...fields, NEW_FIELD])}
      >
        Add a field
      </Button>
    </fieldset>
  );
}
