import { Ellipsis, KeyRound, PencilLine, Plus, Power, Trash2, Webhook as Hook } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import { Awaited } from "@/components/Awaited";
import { Badge } from "@/components/Badge";
import { Button, IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { Menu, MenuItem, MenuLine } from "@/components/Menu";
import { MoreButton } from "@/components/MoreButton";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatAgo } from "@/lib/format";
import { Deliveries, DeliveryState } from "./Deliveries";
import {
  ChangeWebhook,
  DeleteWebhook,
  KEY,
  MakeWebhook,
  RenewSecret,
  SwitchWebhook,
  whyOff,
  type Webhook,
} from "./WebhookDialogs";

const DEEDS = {
  deliveries: Deliveries,
  change: ChangeWebhook,
  switch: SwitchWebhook,
  renew: RenewSecret,
  delete: DeleteWebhook,
};
type Deed = keyof typeof DEEDS;

export function Webhooks() {
  const [making, setMaking] = useState(false);
  const [chosen, setChosen] = useState<{ deed: Deed; webhook: Webhook } | null>(null);
  const hooks = usePages<Webhook>(KEY, (cursor, signal) =>
    call(api.GET("/v1/webhooks", { signal, params: { query: { cursor } } })),
  );
  if (!hooks.items) {
    return (
      <Awaited query={hooks}>
        <SkeletonRows rows={3} label="Loading the webhooks" />
      </Awaited>
    );
  }
  const Chosen = chosen && DEEDS[chosen.deed];
  const make = (
    <Button look="primary" icon={Plus} onClick={() => setMaking(true)}>
      Add a webhook
    </Button>
  );
  return (
    <>
      {hooks.items.length === 0 ? (
        <EmptyState icon={Hook} title="No webhooks" action={make}>
          A webhook tells your own program when an analysis ends.
        </EmptyState>
      ) : (
        <>
          <div className="mb-4 flex items-center justify-between gap-4">
            <p className="text-muted">A webhook tells your own program when an analysis ends.</p>
            {make}
          </div>
          <Table label="Webhooks" cards>
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
              {hooks.items.map((webhook) => (
                <WebhookRow
                  key={webhook.id}
                  webhook={webhook}
                  onChoose={(deed) => setChosen({ deed, webhook })}
                />
              ))}
            </tbody>
          </Table>
        </>
      )}
      <MoreButton list={hooks} />
      {making && <MakeWebhook onClose={() => setMaking(false)} />}
      {Chosen && <Chosen webhook={chosen.webhook} onClose={() => setChosen(null)} />}
    </>
  );
}

interface RowProps {
  webhook: Webhook;
  onChoose: (deed: Deed) => void;
}

function WebhookRow({ webhook, onChoose }: RowProps) {
  const { url, description, events, active, last_delivery: last } = webhook;
  const why = whyOff(webhook);
  return (
    <Tr>
      <Td>
        <div className="font-medium break-all sm:min-w-52">{url}</div>
        {description && <div className="text-sm wrap-anywhere text-muted">{description}</div>}
      </Td>
      <Td name="Events" className="text-muted">
        {events.join(", ")}
      </Td>
      <Td name="State">
        <Badge tone={active ? "ok" : why ? "danger" : "neutral"}>{active ? "on" : "off"}</Badge>
        {!active && why && <div className="mt-1 text-sm text-muted sm:min-w-44">{why}</div>}
      </Td>
      <Td name="Last delivery" className="text-muted">
        {last ? (
          <>
            <DeliveryState delivery={last} /> {formatAgo(last.updated_at)}
          </>
        ) : (
          "none"
        )}
      </Td>
      <Td actions>
        <Button size="sm" look="ghost" onClick={() => onChoose("deliveries")}>
          Deliveries
        </Button>
        <Menu
          align="end"
          trigger={<IconButton icon={Ellipsis} label={`Actions for ${url}`} size="sm" />}
        >
          <MenuItem icon={PencilLine} onSelect={() => onChoose("change")}>
            Change
          </MenuItem>
          <MenuItem icon={Power} onSelect={() => onChoose("switch")}>
            {active ? "Switch off" : "Switch on"}
          </MenuItem>
          <MenuItem icon={KeyRound} onSelect={() => onChoose("renew")}>
            Renew the secret
          </MenuItem>
          <MenuLine />
          <MenuItem icon={Trash2} danger onSelect={() => onChoose("delete")}>
            Delete
          </MenuItem>
        </Menu>
      </Td>
    </Tr>
  );
}
