import { Plus } from "lucide-react";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { newLabel, type DraftLabel, type Faults } from "./draft";
import { RowButtons } from "./RowButtons";
import { useRows } from "./rows";

const MOST = 50;

interface LabelEditorProps {
  labels: readonly DraftLabel[];
  faults: Faults;
  onChange: (labels: readonly DraftLabel[]) => void;
}

/** The classes that documents are put into. */
export function LabelEditor({ labels, faults, onChange }: LabelEditorProps) {
  const { list, add, put, move, remove, keys } = useRows(labels, onChange, newLabel);
  const take = (text: string, at: number) => {
    const names = text.split(/[\n\t]/).map((each) => each.trim().slice(0, 100));
    const pasted = names.filter(Boolean).map((name) => newLabel({ name }));
    const rest = labels.filter(({ name }, index) => index !== at || name.trim() !== "");
    onChange([...rest.slice(0, at), ...pasted, ...rest.slice(at)].slice(0, MOST));
  };
  return (
    <div className="grid gap-3">
      <ul ref={list} aria-label="Labels" className="grid gap-2">
        {labels.map((label, at) => (
          <li
            key={label.key}
            data-row={label.key}
            className="grid gap-2 rounded-md border border-line bg-surface p-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto]"
          >
            <TextField
              label={`Label ${at + 1}`}
              hideLabel
              placeholder={at === 0 ? "Label, such as: Engine failure" : "Label"}
              name={`labels.${at}.name`}
              maxLength={100}
              value={label.name}
              error={faults[`labels.${at}.name`]}
              onChange={({ target }) => put(at, { name: target.value })}
              onKeyDown={(event) => keys(event, at)}
              onPaste={(event) => {
                const text = event.clipboardData.getData("text");
                if (!/[\n\t]/.test(text.trim())) return;
                event.preventDefault();
                take(text, at);
              }}
            />
            <TextField
              label={`When label ${at + 1} applies`}
              hideLabel
              placeholder="When it applies"
              name={`labels.${at}.description`}
              maxLength={1000}
              value={label.description}
              error={faults[`labels.${at}.description`]}
              onChange={({ target }) => put(at, { description: target.value })}
            />
            <div className="-order-1 flex items-center justify-between sm:order-none">
              <span className="text-sm font-medium text-muted sm:hidden">Label {at + 1}</span>
              <RowButtons
                row={`label ${at + 1}`}
                isFirst={at === 0}
                isLast={at === labels.length - 1}
                onMove={(by, focus) => move(at, by, focus)}
                onRemove={() => remove(at)}
              />
            </div>
          </li>
        ))}
      </ul>
      {faults.labels && <p className="text-sm text-danger">{faults.labels}</p>}
      <Button
        size="sm"
        icon={Plus}
        className="justify-self-start"
        disabled={labels.length >= MOST}
        onClick={() => add()}
      >
        Add a label
      </Button>
    </div>
  );
}
