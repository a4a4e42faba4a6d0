import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Problem } from "@/api/problem";
import type { components } from "@/api/schema";
import { ConfirmDialog, Dialog, DialogFooter } from "@/components/Dialog";
import { SelectField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { Notice } from "@/components/Notice";
import { SecretDialog } from "@/components/SecretDialog";
import { toast } from "@/components/toast";

export type Webhook = components["schemas"]["Webhook"];
type NewWebhook = components["schemas"]["WebhookCreate"];
type Changes = components["schemas"]["WebhookUpdate"];
type Event = components["schemas"]["Event"];

interface DialogProps {
  webhook: Webhook;
  onClose: () => void;
}

export const KEY = ["webhooks"];
const EVENTS: readonly Event[] = ["analysis.completed", "analysis.failed"];
const REASONS: Readonly<Record<string, string>> = {
  failing: "Assay switched it off: its deliveries failed for 5 days.",
  gone: "Assay switched it off: its URL answered 410, which means that nothing is there any more.",
};

/** Why Assay has switched it off; null if a person did. */
export function whyOff({ disabled_reason: reason }: Webhook): string | null {
  return reason && (REASONS[reason] ?? `Assay switched it off: ${reason}.`);
}

/** Says at its field that a URL must not be called. */
async function sayAtField<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "invalid_url") throw error;
    const { status, code, title, message: detail, requestId } = error;
    throw new Problem({ status, code, title, detail, requestId, fields: { url: detail } });
  }
}

function useChange(webhook: Webhook, said: string, onClose: () => void) {
  const client = useQueryClient();
  const params = { path: { webhook_id: webhook.id } };
  return useMutation({
    mutationFn: (body: Changes) =>
      sayAtField(call(api.PATCH("/v1/webhooks/{webhook_id}", { params, body }))),
    meta: { quiet: true },
    onSuccess: () => {
      onClose();
      toast(said, { tone: "ok" });
      return client.invalidateQueries({ queryKey: KEY });
    },
  });
}

export function MakeWebhook({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const making = useMutation({
    mutationFn: (body: NewWebhook) => sayAtField(call(api.POST("/v1/webhooks", { body }))),
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  if (making.data) return <ShowSecret secret={making.data.secret} onClose={onClose} />;
  return (
    <Dialog open onOpenChange={onClose} title="Add a webhook">
      <Form
        error={making.error}
        onSubmit={({ url = "", events = "", description = "" }) =>
          making.mutate({ url, events: chosen(events), description })
        }
      >
        <WebhookFields />
        <DialogFooter onCancel={onClose} action="Add the webhook" pending={making.isPending} />
      </Form>
    </Dialog>
  );
}

export function ChangeWebhook({ webhook, onClose }: DialogProps) {
  const changing = useChange(webhook, "The webhook was changed", onClose);
  return (
    <Dialog open onOpenChange={onClose} title="Change the webhook">
      <Form
        error={changing.error}
        onSubmit={({ url = "", events = "", description = "" }) =>
          // What stays is not sent: it would undo what another admin changes meanwhile.
          changing.mutate({
            url: url === webhook.url ? null : url,
            events: events === choice(webhook.events) ? null : chosen(events),
            description: description === webhook.description ? null : description,
          })
        }
      >
        <WebhookFields webhook={webhook} />
        <DialogFooter onCancel={onClose} action="Save the changes" pending={changing.isPending} />
      </Form>
    </Dialog>
  );
}

function WebhookFields({ webhook }: { webhook?: Webhook }) {
  return (
    <div className="grid gap-4">
      <TextField
        label="URL"
        name="url"
        type="url"
        defaultValue={webhook?.url}
        hint="Called with POST over HTTPS; its address has to be public"
      />
      <SelectField label="Events" name="events" defaultValue={choice(webhook?.events ?? EVENTS)}>
        <option value="">All</option>
        {EVENTS.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </SelectField>
      <TextField
        label="Description"
        name="description"
        defaultValue={webhook?.description}
        hint="What is told, such as: our data warehouse"
      />
    </div>
  );
}

/** The option that stands for these events, and back. */
function choice(events: readonly Event[]): Event | "" {
  return events.length === 1 ? (events[0] ?? "") : "";
}

function chosen(option: string): Event[] {
  return EVENTS.filter((each) => !option || each === option);
}

export function SwitchWebhook({ webhook, onClose }: DialogProps) {
  const { active, url } = webhook;
  const done = active ? "The webhook was switched off" : "The webhook was switched on";
  const changing = useChange(webhook, done, onClose);
  const why = whyOff(webhook);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={active ? "Switch the webhook off?" : "Switch the webhook on?"}
      description={
        active
          ? `${url} is told nothing until it is switched on again; what happens meanwhile is not sent later.`
          : `${url} is told of what happens from now on.`
      }
    >
      {!active && why && <Notice tone="warn">{why}</Notice>}
      {changing.error && <Notice tone="danger" problem={changing.error} className="mt-3" />}
      <DialogFooter
        onCancel={onClose}
        action={active ? "Switch it off" : "Switch it on"}
        pending={changing.isPending}
        onAct={() => changing.mutate({ active: !active })}
      />
    </Dialog>
  );
}

export function RenewSecret({ webhook, onClose }: DialogProps) {
  const client = useQueryClient();
  const params = { path: { webhook_id: webhook.id } };
  const renewing = useMutation({
    mutationFn: () => call(api.POST("/v1/webhooks/{webhook_id}/secret", { params })),
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  if (renewing.data) return <ShowSecret secret={renewing.data.secret} onClose={onClose} />;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Renew the secret?"
      description={`The secret of ${webhook.url} ends at once: your program refuses what is sent until it has the new one.`}
      action="Renew the secret"
      pending={renewing.isPending}
      error={renewing.error}
      onConfirm={() => renewing.mutate()}
    />
  );
}

function ShowSecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <SecretDialog
      title="The webhook's secret"
      label="Webhook secret"
      value={secret}
      onClose={onClose}
    >
      Copy it now: it is shown once. It verifies what is sent.
    </SecretDialog>
  );
}

export function DeleteWebhook({ webhook, onClose }: DialogProps) {
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () =>
      call(
        api.DELETE("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: webhook.id } } }),
      ),
    meta: { quiet: true },
    onSuccess: () => {
      onClose();
      toast("The webhook was deleted");
      return client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="Delete the webhook?"
      description={`${webhook.url} is told nothing from now on.`}
      action="Delete the webhook"
      pending={deleting.isPending}
      error={deleting.error}
      onConfirm={() => deleting.mutate()}
    />
  );
}
