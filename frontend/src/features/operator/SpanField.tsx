import { SelectField } from "@/components/Field";

const SPANS = [
  { days: 1, label: "24 hours" },
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
] as const;

interface SpanProps {
  days: number;
  onChange: (days: number) => void;
}

export function SpanField({ days, onChange }: SpanProps) {
  return (
    <SelectField
      label="Time span"
      hideLabel
      value={days}
      onChange={(event) => onChange(Number(event.target.value))}
    >
      {SPANS.map((span) => (
        <option key={span.days} value={span.days}>
          {span.label}
        </option>
      ))}
    </SelectField>
  );
}
