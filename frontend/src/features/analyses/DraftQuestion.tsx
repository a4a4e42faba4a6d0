import { SelectField, TextArea, TextField } from "@/components/Field";
import { linesOf, type Draft, type Faults } from "./draft";
import { Either, Part, type PartProps } from "./DraftPart";
import { FieldEditor } from "./FieldEditor";
import { LabelEditor } from "./LabelEditor";

const QUESTIONS: Record<Draft["kind"], string> = {
  extract: "What to find in each",
  classify: "The labels to choose from",
  compare: "On which topics",
  summary: "What to sum up",
};

export function DraftQuestion({ draft, faults, change }: PartProps) {
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
