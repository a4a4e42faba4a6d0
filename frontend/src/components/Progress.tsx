import { cx } from "@/lib/cx";

interface ProgressProps {
  /** 0 to 1; null while nobody knows. */
  value: number | null;
  label: string;
  tone?: "accent" | "warn" | "danger";
  className?: string;
}

const TONES = { accent: "bg-accent", warn: "bg-warn", danger: "bg-danger" };

export function Progress({ value, label, tone = "accent", className }: ProgressProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.floor(value * 100)}
      className={cx("h-1 w-full overflow-hidden rounded-full bg-line", className)}
    >
      <div
        className={cx(
          "h-full rounded-full transition-[width] duration-300",
          TONES[tone],
          value === null && "animate-breathe",
        )}
        style={{ width: value === null ? "100%" : value && `${Math.max(2, value * 100)}%` }}
      />
    </div>
  );
}
