import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import { Problem } from "@/api/problem";
import type { components } from "@/api/schema";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { ConfirmDialog, Dialog, DialogActions } from "@/components/Dialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { SelectField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { MoreButton } from "@/components/MoreButton";
import { Notice } from "@/components/Notice";
import { Secret } from "@/components/Secret";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { toast } from "@/components/toast";
import { formatAgo } from "@/lib/format";
import { Deliveries, DeliveryState } from "./Deliveries";

type Webhook = components["schemas"]["Webhook"];
type NewWebhook = components["schemas"]["WebhookCreate"];
type Event = components["schemas"]["Event"];

const KEY = ["webhooks"];
const EVENTS: readonly Event[] = ["analysis.completed", "analysis.failed"];

export function Webhooks() {
  const [making, setMaking] = useState(false);
  const [opened, setOpened] = useState<Webhook | null>(null);
  const [deleting, setDeleting] = useState<Webhook | null>(null);
  const hooks = usePages<Webhook>(KEY, (cursor, signal) =>
    call(api.GET("/v1/webhooks", { signal, params: { query: { cursor } } })),
  );
  if (hooks.error) return <ErrorState error={hooks.error} onRetry={() => void hooks.refetch()} />;
  if (!hooks.items) return <SkeletonRows rows={3} label="Loading the webhooks" />;
  const make = (
    <Button look="primary" icon={Plus} onClick={() => setMaking(true)}>
      Add a webhook
    </Button>
  );
  return (
    <>
      {hooks.items.length === 0 ? (
        <EmptyState icon={WebhookIcon} title="No webhooks" action={make}>
          A webhook tells your own program when an analysis ends.
        </EmptyState>
      ) : (
        <>
          <div className="mb-4 flex items-center justify-between gap-4">
            <p className="text-muted">A webhook tells your own program when an analysis ends.</p>
            {make}
          </div>
          <Table label="Webhooks">
            <thead>
              <tr>
                <Th>URL</Th>
                <Th>Events</Th>
                <Th>State</Th>
                <Th>Last delivery</Th>
                <Th>
                  <span className="sr-only">What can be done</span>
                </Th>
              </tr>
            </thead>
            <tbody>
              {hooks.items.map((hook) => (
                <Tr key={hook.id}>
                  <Td>
                    <div className="min-w-52 font-medium break-all">{hook.url}</div>
                  </Td>
                  <Td className="text-muted">{hook.events.join(", ")}</Td>
                  <Td>
                    <Badge tone={hook.active ? "ok" : "warn"}>{stateOf(hook)}</Badge>
                  </Td>
                  <Td className="text-muted">
                    {hook.last_delivery ? (
                      <>
                        <DeliveryState delivery={hook.last_delivery} />{" "}
                        {formatAgo(hook.last_delivery.updated_at)}
                      </>
                    ) : (
                      "none"
                    )}
                  </Td>
                  <Td className="text-right whitespace-nowrap">
                    <Button size="sm" look="ghost" onClick={() => setOpened(hook)}>
                      Deliveries
                    </Button>
                    <Button size="sm" look="ghost" onClick={() => setDeleting(hook)}>
                      Delete
                    </Button>
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        </>
      )}
      <MoreButton list={hooks} />
      {making && <MakeWebhook onClose={() => setMaking(false)} />}
      {opened && <Deliveries webhook={opened} onClose={() => setOpened(null)} />}
      {deleting && <DeleteWebhook webhook={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function stateOf({ active, disabled_reason: reason }: Webhook): string {
  if (active) return "on";
  return reason ? `switched off: ${reason}` : "off";
}

/** Makes a webhook; a URL that must not be called is said at its field. */
async function create(body: NewWebhook) {
  try {
    return await call(api.POST("/v1/webhooks", { body }));
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "invalid_url") throw error;
    const { status, code, title, message: detail, requestId } = error;
    throw new Problem({ status, code, title, detail, requestId, fields: { url: detail } });
  }
}

function MakeWebhook({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const making = useMutation({
    mutationFn: create,
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  if (making.data) {
    return (
      <Dialog open onOpenChange={onClose} title="The webhook's secret">
        <div className="grid gap-3">
          <Notice tone="warn">Copy it now: it is shown once. It verifies what is sent.</Notice>
          <Secret label="Webhook secret" value={making.data.secret} />
        </div>
        <DialogActions>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog open onOpenChange={onClose} title="Add a webhook">
      <Form
        error={making.error}
        onSubmit={({ url = "", events = "" }) =>
          making.mutate({ url, events: EVENTS.filter((each) => !events || each === events) })
        }
      >
        <div className="grid gap-4">
          <TextField
            label="URL"
            name="url"
            type="url"
            hint="Called with POST over HTTPS; its address has to be public"
          />
          <SelectField label="Events" name="events" defaultValue="">
            <option value="">All</option>
            {EVENTS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </SelectField>
        </div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" pending={making.isPending}>
            Add the webhook
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function DeleteWebhook({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
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
