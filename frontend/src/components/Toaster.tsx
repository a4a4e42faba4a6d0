import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "@/components/Button";
import { dismissToast, toasts, type Toast } from "@/components/toast";
import { useStore } from "@/lib/store";

const SHOWN_MS = 6000;

/** The corner where toasts appear. They stay while the pointer or the keyboard is on them. */
export function Toaster() {
  const shown = useStore(toasts);
  const [held, setHeld] = useState(false);
  return (
    // What is held is no control: the pointer and the focus only tell that it is being read.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      aria-label="Messages"
      aria-live="polite"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-none fixed inset-x-0 bottom-0 z-50 flex flex-col items-center gap-2 p-4 sm:items-end"
    >
      {shown.map((each) => (
        <Message key={each.id} toast={each} held={held} />
      ))}
    </section>
  );
}

function Message({ toast, held }: { toast: Toast; held: boolean }) {
  const { id, title, detail, tone, action } = toast;
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismissToast(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, held]);
  return (
    <div className="pointer-events-auto flex w-full max-w-sm animate-rise items-start gap-2.5 rounded-md bg-raised py-2 pr-2 pl-3 shadow-overlay">
      {tone === "ok" && <CircleCheck size={16} aria-hidden className="mt-1.5 shrink-0 text-ok" />}
      {tone === "danger" && (
        <CircleAlert size={16} aria-hidden className="mt-1.5 shrink-0 text-danger" />
      )}
      <div className="min-w-0 flex-1 py-[3px]">
        <p className="font-medium break-words">{title}</p>
        {detail && <p className="text-sm text-muted">{detail}</p>}
      </div>
      {action && (
        <Button
          size="sm"
          onClick={() => {
            dismissToast(id, { acted: true });
            action.act();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon={X} label="Dismiss" size="sm" onClick={() => dismissToast(id)} />
    </div>
  );
}
