import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { again } from "@/api/query-client";
import type { components } from "@/api/schema";
import { Awaited } from "@/components/Awaited";
import { Badge } from "@/components/Badge";
import { Dialog, DialogFooter } from "@/components/Dialog";
import { MoreButton } from "@/components/MoreButton";
import { Notice } from "@/components/Notice";
import { SkeletonRows } from "@/components/Skeleton";
import { formatAgo } from "@/lib/format";

type Delivery = components["schemas"]["Delivery"];
type Webhook = components["schemas"]["Webhook"];

const TONES = { pending: "neutral", delivered: "ok", failed: "danger" } as const;

export function DeliveryState({ delivery }: { delivery: Delivery }) {
  return <Badge tone={TONES[delivery.status]}>{delivery.status}</Badge>;
}

/** The latest deliveries of a webhook; they are asked for again while one is on its way. */
export function Deliveries({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const client = useQueryClient();
  const path = { webhook_id: webhook.id };
  const list = useInfiniteQuery({
    queryKey: ["webhooks", webhook.id, "deliveries"],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/v1/webhooks/{webhook_id}/deliveries", {
          signal,
          params: { path, query: { cursor: pageParam } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: (query) =>
      query.state.data?.pages.some(({ items }) => items.some(({ status }) => status === "pending"))
        ? 2000
        : again(query),
  });
  const testing = useMutation({
    mutationFn: () => call(api.POST("/v1/webhooks/{webhook_id}/test", { params: { path } })),
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const items = list.data?.pages.flatMap((page) => page.items);
  const close = () => {
    onClose();
    void client.invalidateQueries({ queryKey: ["webhooks"], exact: true });
  };
  return (
    <Dialog open onOpenChange={close} title="Recent deliveries" description={webhook.url}>
      {!items && (
        <Awaited query={list}>
          <SkeletonRows rows={3} label="Loading the deliveries" />
        </Awaited>
      )}
      {items?.length === 0 && <p className="text-muted">Nothing was sent yet.</p>}
      {items && items.length > 0 && (
        <ul aria-label="Deliveries" className="divide-y divide-line">
          {items.map((delivery) => (
            <DeliveryItem key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
      <MoreButton list={list} />
      {testing.error && <Notice tone="danger" problem={testing.error} className="mt-4" />}
      <DialogFooter
        onCancel={close}
        cancel="Close"
        action="Send a test"
        pending={testing.isPending}
        onAct={() => testing.mutate()}
      />
    </Dialog>
  );
}

function DeliveryItem({ delivery }: { delivery: Delivery }) {
  const { event, error, attempts, response_status: answer, created_at: created } = delivery;
  return (
    <li className="grid gap-1 py-2">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{event}</span>
        <DeliveryState delivery={delivery} />
        <span className="text-sm text-muted">{formatAgo(created)}</span>
      </div>
      {attempts > 0 && (
        <p className="text-sm break-words text-muted">
          Attempts: {attempts}
          {answer !== null && `; answered ${answer}`}
          {error !== null && `; ${error}`}
        </p>
      )}
    </li>
  );
}
