import { ClipboardPaste, Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/Button";
import { Dialog, DialogFooter } from "@/components/Dialog";
import { SelectField, TextArea, TextField } from "@/components/Field";
import { formatCount } from "@/lib/format";
import {
  FIELD_TYPES,
  newField,
  pastedFields,
  type DraftField,
  type Faults,
  type FieldType,
} from "./draft";
import { RowButtons } from "./RowButtons";
import { useRows } from "./rows";

const MOST = 50;

interface FieldEditorProps {
  fields: readonly DraftField[];
  faults: Faults;
  onChange: (fields: readonly DraftField[]) => void;
}

/** The columns of a table: what to look for in every document. */
export function FieldEditor({ fields, faults, onChange }: FieldEditorProps) {
  const [pasting, setPasting] = useState(false);
  const { list, add, put, move, remove, keys } = useRows(fields, onChange, newField);
  const room = MOST - fields.length;
  const take = (pasted: readonly DraftField[], at: number) => {
    const before = fields.slice(0, at).filter(({ name }) => name.trim() !== "");
    const after = fields.slice(at).filter(({ name }) => name.trim() !== "");
    onChange([...before, ...pasted, ...after].slice(0, MOST));
  };
  return (
    <div className="grid gap-3">
      <ul ref={list} aria-label="Fields" className="grid gap-2">
        {fields.map((field, at) => (
          <li
            key={field.key}
            data-row={field.key}
            className="grid grid-cols-2 gap-2 rounded-md border border-line bg-surface p-3 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)_auto]"
          >
            <TextField
              label={`Name of field ${at + 1}`}
              hideLabel
              placeholder={at === 0 ? "Name, such as: Date of the accident" : "Name"}
              name={`fields.${at}.name`}
              maxLength={100}
              value={field.name}
              error={faults[`fields.${at}.name`]}
              onChange={({ target }) => put(at, { name: target.value })}
              onKeyDown={(event) => keys(event, at)}
              onPaste={(event) => {
                const text = event.clipboardData.getData("text");
                if (!/[\n\t]/.test(text.trim())) return;
                event.preventDefault();
                take(pastedFields(text), field.name.trim() === "" ? at : at + 1);
              }}
            />
            <SelectField
              label={`Type of field ${at + 1}`}
              hideLabel
              name={`fields.${at}.type`}
              value={field.type}
              error={faults[`fields.${at}.type`]}
              onChange={({ target }) => put(at, { type: target.value as FieldType })}
            >
              {FIELD_TYPES.map(({ type, label }) => (
                <option key={type} value={type}>
                  {label}
                </option>
              ))}
            </SelectField>
            <div className="-order-1 col-span-2 flex items-center justify-between sm:order-none sm:col-span-1">
              <span className="text-sm font-medium text-muted sm:hidden">Field {at + 1}</span>
              <RowButtons
                row={`field ${at + 1}`}
                isFirst={at === 0}
                isLast={at === fields.length - 1}
                onMove={(by, focus) => move(at, by, focus)}
                onRemove={() => remove(at)}
              />
            </div>
            <div className="col-span-2 grid gap-2 sm:col-span-3">
              <TextField
                label={`What is meant by field ${at + 1}`}
                hideLabel
                placeholder="What is meant, in words that the documents may use (if the name alone does not say)"
                name={`fields.${at}.description`}
                maxLength={1000}
                value={field.description}
                error={faults[`fields.${at}.description`]}
                onChange={({ target }) => put(at, { description: target.value })}
              />
              {field.type === "choice" && (
                <TextField
                  label={`Options of field ${at + 1}`}
                  hideLabel
                  placeholder="Options with commas between: Minor, Serious, Fatal"
                  name={`fields.${at}`}
                  value={field.options}
                  error={faults[`fields.${at}`] ?? faults[`fields.${at}.options`]}
                  onChange={({ target }) => put(at, { options: target.value })}
                />
              )}
            </div>
          </li>
        ))}
      </ul>
      {faults.fields && <p className="text-sm text-danger">{faults.fields}</p>}
      <div className="flex flex-wrap gap-2">
        <Button size="sm" icon={Plus} disabled={room <= 0} onClick={() => add()}>
          Add a field
        </Button>
        <Button
          size="sm"
          look="ghost"
          icon={ClipboardPaste}
          disabled={room <= 0}
          onClick={() => setPasting(true)}
        >
          Paste a list of names
        </Button>
      </div>
      {pasting && (
        <PasteDialog
          room={room + fields.filter(({ name }) => name.trim() === "").length}
          onClose={() => setPasting(false)}
          onTake={(pasted) => take(pasted, fields.length)}
        />
      )}
    </div>
  );
}

interface PasteProps {
  room: number;
  onClose: () => void;
  onTake: (fields: readonly DraftField[]) => void;
}

function PasteDialog({ room, onClose, onTake }: PasteProps) {
  const [text, setText] = useState("");
  const found = pastedFields(text);
  return (
    <Dialog open onOpenChange={onClose} title="Paste a list of names">
      <TextArea
        label="Names"
        rows={8}
        hint="One a line, or a row copied from a spreadsheet. A type may follow: “Fine: money”."
        value={text}
        error={found.length > room ? `Only the first ${room} of them fit.` : undefined}
        onChange={({ target }) => setText(target.value)}
      />
      <DialogFooter
        onCancel={onClose}
        action={found.length === 0 ? "Add the fields" : `Add ${formatCount(found.length, "field")}`}
        disabled={found.length === 0}
        onAct={() => {
          onTake(found);
          onClose();
        }}
      />
    </Dialog>
  );
}
