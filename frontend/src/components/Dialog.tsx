import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button, IconButton } from "@/components/Button";
import { Notice } from "@/components/Notice";
import { cx } from "@/lib/cx";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
  /** Cannot be closed by Escape, a click beside it, or a cross: something must be decided. */
  required?: boolean;
  width?: "sm" | "md" | "lg";
}

const WIDTHS = { sm: "max-w-sm", md: "max-w-md", lg: "max-w-2xl" };

export function Dialog(props: DialogProps) {
  const {
    open,
    onOpenChange,
    title,
    description,
    children,
    required = false,
    width = "md",
  } = props;
  const keep = required ? (event: Event) => event.preventDefault() : undefined;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 grid animate-appear place-items-end overflow-y-auto bg-scrim sm:place-items-center sm:p-6">
          <Radix.Content
            onOpenAutoFocus={passTheCross}
            onEscapeKeyDown={keep}
            onPointerDownOutside={keep}
            onInteractOutside={keep}
            {...(description ? {} : { "aria-describedby": undefined })}
            className={cx(
              "relative w-full animate-rise rounded-t-lg bg-raised p-5 shadow-overlay outline-none sm:rounded-lg sm:p-6",
              WIDTHS[width],
            )}
          >
            <Radix.Title className={cx("text-lg font-semibold", !required && "pr-8")}>
              {title}
            </Radix.Title>
            {description && (
              <Radix.Description className="mt-1 wrap-anywhere text-muted">
                {description}
              </Radix.Description>
            )}
            <div className="mt-4">{children}</div>
            {!required && <CloseCross />}
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Last in the order, so that a dialog begins with what it is for. */
function CloseCross() {
  return (
    <Radix.Close asChild>
      <IconButton data-cross icon={X} label="Close" size="sm" className="absolute top-4 right-4" />
    </Radix.Close>
  );
}

/** While nothing but the cross is there, the focus is not on it: its tooltip would be in the way. */
function passTheCross(event: Event) {
  const content = event.currentTarget;
  if (!(content instanceof HTMLElement)) return;
  if (!content.querySelector("a, button, input, select, textarea")?.matches("[data-cross]")) return;
  event.preventDefault();
  content.focus();
}

/** The buttons at a dialog's end; the last is the one that does it. */
export function DialogActions({ children }: { children: ReactNode }) {
  return (
    <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>
  );
}

interface FooterProps {
  onCancel: () => void;
  /** What leaves all as it is, where that is no `Cancel`. */
  cancel?: string;
  /** Names the deed: `Delete 3 documents`, never `OK`. */
  action: string;
  /** Does it; without it, the form that the dialog holds is sent. */
  onAct?: () => void;
  /** It cannot be taken back. */
  danger?: boolean;
  pending?: boolean;
  disabled?: boolean;
}

/** The end of a dialog that does one thing, or leaves it. */
export function DialogFooter(props: FooterProps) {
  const { onCancel, cancel = "Cancel", action, onAct, danger, pending, disabled } = props;
  return (
    <DialogActions>
      <Button onClick={onCancel}>{cancel}</Button>
      <Button
        type={onAct ? "button" : "submit"}
        look={danger ? "danger" : "primary"}
        pending={pending}
        disabled={disabled}
        onClick={onAct}
      >
        {action}
      </Button>
    </DialogActions>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will be gone. */
  description: string;
  /** Names the deed: `Delete 3 documents`, never `OK`. */
  action: string;
  onConfirm: () => void;
  pending?: boolean;
  error?: Error | null;
}

/** Asks before what cannot be taken back. */
export function ConfirmDialog(props: ConfirmProps) {
  const {
    open,
    onOpenChange,
    title,
    description,
    action,
    onConfirm,
    pending = false,
    error,
  } = props;
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} description={description}>
      {error && <Notice tone="danger" problem={error} />}
      <DialogFooter
        onCancel={() => onOpenChange(false)}
        action={action}
        danger
        pending={pending}
        onAct={onConfirm}
      />
    </Dialog>
  );
}

/** A panel that slides in from the left: the navigation of a narrow screen. */
export function Drawer(props: Pick<DialogProps, "open" | "onOpenChange" | "title" | "children">) {
  return (
    <Radix.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-40 w-72 max-w-[85vw] animate-slide overflow-y-auto bg-canvas shadow-overlay outline-none"
        >
          <Radix.Title className="sr-only">{props.title}</Radix.Title>
          {props.children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A panel at the right edge: one thing's details beside the list that it came from. */
export function Sheet(props: Pick<DialogProps, "open" | "onOpenChange" | "title" | "children">) {
  return (
    <Radix.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          onOpenAutoFocus={passTheCross}
          className="fixed inset-y-0 right-0 z-40 flex w-[28rem] max-w-full animate-slide-left flex-col overflow-y-auto bg-raised shadow-overlay outline-none"
        >
          <Radix.Title className="pt-5 pr-12 pl-5 text-lg font-semibold break-words">
            {props.title}
          </Radix.Title>
          <div className="flex-1 p-5">{props.children}</div>
          <CloseCross />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
