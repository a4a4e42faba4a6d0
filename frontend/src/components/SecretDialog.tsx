import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { Dialog, DialogActions } from "@/components/Dialog";
import { Notice } from "@/components/Notice";
import { Secret } from "@/components/Secret";

interface SecretDialogProps {
  title: string;
  /** What the secret is called. */
  label: string;
  value: string;
  /** Says that it is shown once, and what to do with it. */
  children: ReactNode;
  onClose: () => void;
}

/** Shows what is shown once; neither Escape nor a click beside it closes that. */
export function SecretDialog({ title, label, value, children, onClose }: SecretDialogProps) {
  return (
    <Dialog open required onOpenChange={onClose} title={title}>
      <div className="grid gap-3">
        <Notice tone="warn">{children}</Notice>
        <Secret label={label} value={value} />
      </div>
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
