import { Check, Minus } from "lucide-react";
import { Checkbox as Radix } from "radix-ui";
import { cx } from "@/lib/cx";

interface CheckboxProps {
  checked: boolean | "indeterminate";
  onChange: (checked: boolean) => void;
  /** Read aloud; put a visible `<label>` around it where there are words. */
  label: string;
  className?: string;
  tabIndex?: number;
}

export function Checkbox({ checked, onChange, label, className, tabIndex }: CheckboxProps) {
  return (
    <Radix.Root
      checked={checked}
      onCheckedChange={(next) => onChange(next === true)}
      aria-label={label}
      tabIndex={tabIndex}
      className={cx(
        "flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-surface transition-colors",
        "data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[state=indeterminate]:border-accent data-[state=indeterminate]:bg-accent",
        // The finger's target is larger than what is seen.
        "relative before:absolute before:-inset-2.5",
        className,
      )}
    >
      <Radix.Indicator className="text-on-accent">
        {checked === "indeterminate" ? (
          <Minus size={12} strokeWidth={3} aria-hidden />
        ) : (
          <Check size={12} strokeWidth={3} aria-hidden />
        )}
      </Radix.Indicator>
    </Radix.Root>
  );
}
