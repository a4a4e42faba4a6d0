import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "@/components/Button";
import { copyText, selectText } from "@/lib/clipboard";

/** Something that is shown once: to be copied now. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [state, setState] = useState<"shown" | "copied" | "refused">("shown");
  const text = useRef<HTMLElement>(null);
  const copy = async () => {
    const copied = await copyText(value);
    if (!copied && text.current) selectText(text.current);
    setState(copied ? "copied" : "refused");
  };
  const copied = state === "copied";
  return (
    <div>
      <div className="flex items-center gap-2 rounded-md border border-line bg-sunken p-2 pl-3">
        <code
          ref={text}
          aria-label={label}
          className="min-w-0 flex-1 font-mono text-sm break-all select-all"
        >
          {value}
        </code>
        <Button size="sm" icon={copied ? Check : Copy} onClick={() => void copy()}>
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
      <p role="status" className="text-sm text-danger not-empty:mt-1.5">
        {state === "refused" &&
          "The browser did not let it be copied. It is selected now: copy it with Ctrl+C, ⌘C, or a long press."}
      </p>
    </div>
  );
}
