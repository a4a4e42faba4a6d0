import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import type { Draft, Faults } from "./draft";

/** What each part of the screen that writes an analysis shows and changes. */
export interface PartProps {
  draft: Draft;
  faults: Faults;
  change: Change;
}

export type Change = (part: Partial<Draft>) => void;

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="grid min-w-0 gap-3">
      <legend className="mb-3 text-lg font-semibold">{title}</legend>
      {children}
    </fieldset>
  );
}

interface EitherProps<Value extends string> {
  name: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of two or three, side by side. */
export function Either<Value extends string>({
  name,
  value,
  options,
  onChange,
}: EitherProps<Value>) {
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
