import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/Button";

/** Something that is shown once: to be copied now. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <div className="flex items-center gap-2 rounded-md border border-line bg-sunken p-2 pl-3">
      <code aria-label={label} className="min-w-0 flex-1 font-mono text-sm break-all select-all">
        {value}
      </code>
      <Button size="sm" icon={copied ? Check : Copy} onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
