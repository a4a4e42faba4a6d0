import type { LucideIcon } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { Spinner } from "@/components/Spinner";
import { Tooltip } from "@/components/Tooltip";
import { cx } from "@/lib/cx";

const LOOKS = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover",
  secondary: "border border-line bg-surface text-ink shadow-raised hover:bg-hover",
  ghost: "text-muted hover:bg-hover hover:text-ink",
  danger: "bg-danger text-on-danger hover:bg-danger-hover",
};
const SIZES = {
  sm: "h-7 gap-1.5 px-2.5 text-sm",
  md: "h-9 gap-2 px-3.5 text-base",
  lg: "h-11 gap-2 px-5 text-lg",
};
const BASE =
  "inline-flex shrink-0 select-none items-center justify-center rounded-md font-medium whitespace-nowrap " +
  "transition-colors disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50";

interface ButtonProps extends ComponentProps<"button"> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
  icon?: LucideIcon;
  /** What was asked for is under way: the button turns and takes no second press. */
  pending?: boolean;
  /** Lends its look to its only child, such as a link. */
  asChild?: boolean;
}

export function Button({
  look = "secondary",
  size = "md",
  icon: Icon,
  pending = false,
  asChild = false,
  className,
  children,
  onClick,
  ...props
}: ButtonProps) {
  const classes = cx(BASE, LOOKS[look], SIZES[size], className);
  if (asChild) {
    return (
      <Slot.Root className={classes} {...props}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button
      type="button"
      className={classes}
      aria-disabled={pending || undefined}
      // Not `disabled`: focus would be lost and the reader told nothing.
      onClick={pending ? (event) => event.preventDefault() : onClick}
      {...props}
    >
      {pending ? <Spinner /> : Icon && <Icon size={size === "sm" ? 14 : 16} aria-hidden />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  icon: LucideIcon;
  /** Read aloud, and shown as a tooltip. */
  label: string;
  look?: "ghost" | "secondary" | "primary";
  size?: "sm" | "md";
}

export function IconButton({
  icon: Icon,
  label,
  look = "ghost",
  size = "md",
  className,
  ...props
}: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        type="button"
        aria-label={label}
        className={cx(BASE, LOOKS[look], size === "sm" ? "size-7" : "size-9", className)}
        {...props}
      >
        <Icon size={size === "sm" ? 15 : 17} aria-hidden />
      </button>
    </Tooltip>
  );
}
