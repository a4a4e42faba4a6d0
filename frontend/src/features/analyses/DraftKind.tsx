import { cx } from "@/lib/cx";
import { Part, type PartProps } from "./DraftPart";
import { KIND_FACES } from "./kinds";

export function DraftKind({ draft, change }: PartProps) {
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
