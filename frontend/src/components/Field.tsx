import { ChevronDown, Eye, EyeOff, Search, X } from "lucide-react";
import { useId, useRef, useState, type ComponentProps, type ReactNode } from "react";
import { IconButton } from "@/components/Button";
import { useFieldError } from "@/components/Form";
import { cx } from "@/lib/cx";

const CONTROL =
  "w-full rounded-md border border-line-strong bg-surface px-3 text-base text-ink placeholder:text-muted " +
  "transition-colors hover:border-muted disabled:bg-sunken disabled:text-muted aria-invalid:border-danger";

interface Labelled {
  label: string;
  /** What a person must know to fill it in. */
  hint?: ReactNode;
  error?: string | undefined;
  /** The label is read aloud but not shown. */
  hideLabel?: boolean;
}

interface Wiring {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

/** Label, hint and error of any control; the control is drawn by `children` with the given wiring. */
export function Field({
  label,
  hint,
  error,
  hideLabel = false,
  children,
}: Labelled & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className={hideLabel ? "sr-only" : "text-sm font-medium"}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": about || undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-sm text-danger">
          {error}
        </p>
      )}
    </div>
  );
}

type Control<Tag extends "input" | "textarea" | "select"> = Labelled &
  Omit<ComponentProps<Tag>, "id" | "size">;

export function TextField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...props
}: Control<"input">) {
  const found = useFieldError(props.name);
  return (
    <Field label={label} hint={hint} error={error ?? found} hideLabel={hideLabel ?? false}>
      {(wiring) => <input className={cx(CONTROL, "h-9", className)} {...wiring} {...props} />}
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...props
}: Control<"textarea">) {
  const found = useFieldError(props.name);
  return (
    <Field label={label} hint={hint} error={error ?? found} hideLabel={hideLabel ?? false}>
      {(wiring) => (
        <textarea rows={3} className={cx(CONTROL, "py-2", className)} {...wiring} {...props} />
      )}
    </Field>
  );
}

/** The system's own select: it works with every finger, keyboard and reader. */
export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...props
}: Control<"select">) {
  const found = useFieldError(props.name);
  return (
    <Field label={label} hint={hint} error={error ?? found} hideLabel={hideLabel ?? false}>
      {(wiring) => (
        <div className="relative">
          <select
            className={cx(CONTROL, "h-9 appearance-none pr-8", className)}
            {...wiring}
            {...props}
          />
          <ChevronDown
            size={15}
            aria-hidden
            className="pointer-events-none absolute top-[11px] right-2.5 text-muted"
          />
        </div>
      )}
    </Field>
  );
}

export function PasswordField({ label, hint, error, ...props }: Omit<Control<"input">, "type">) {
  const [shown, setShown] = useState(false);
  const found = useFieldError(props.name);
  return (
    <Field label={label} hint={hint} error={error ?? found}>
      {(wiring) => (
        <div className="relative">
          <input
            type={shown ? "text" : "password"}
            className={cx(CONTROL, "h-9 pr-10")}
            {...wiring}
            {...props}
          />
          <IconButton
            icon={shown ? EyeOff : Eye}
            label={shown ? "Hide the password" : "Show the password"}
            size="sm"
            className="absolute top-1 right-1"
            onClick={() => setShown(!shown)}
          />
        </div>
      )}
    </Field>
  );
}

interface SearchProps extends Omit<ComponentProps<"input">, "value" | "onChange" | "type"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A search box; Escape empties it. */
export function SearchField({ label, value, onChange, className, ...props }: SearchProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={cx("relative", className)}>
      <Search size={15} aria-hidden className="absolute top-2.5 left-2.5 text-faint" />
      <input
        ref={input}
        type="text"
        role="searchbox"
        aria-label={label}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && value) onChange("");
        }}
        className={cx(CONTROL, "h-9 px-8")}
        {...props}
      />
      {value && (
        <IconButton
          icon={X}
          label="Clear the search"
          size="sm"
          className="absolute top-1 right-1"
          onClick={() => {
            onChange("");
            input.current?.focus();
          }}
        />
      )}
    </div>
  );
}
