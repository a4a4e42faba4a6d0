import { useMutation } from "@tanstack/react-query";
import { Download, ScrollText } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import type { components } from "@/api/schema";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SelectField } from "@/components/Field";
import { MoreButton } from "@/components/MoreButton";
import { Page } from "@/components/Page";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { saveAs } from "@/lib/save";
import { formatDateTime } from "@/lib/format";
import { ACTIONS, sentence } from "./sentences";

type AuditEvent = components["schemas"]["AuditEvent"];

export function AuditPage() {
  const [action, setAction] = useState("");
  const chosen = action === "" ? {} : { action };
  const events = usePages<AuditEvent>(["audit", action], (cursor, signal) =>
    call(api.GET("/v1/audit", { signal, params: { query: { cursor, ...chosen } } })),
  );
  const saving = useMutation({
    mutationFn: () =>
      call(api.GET("/v1/audit/export", { params: { query: chosen }, parseAs: "blob" })),
    onSuccess: (file) => saveAs(file, "audit.csv"),
  });
  return (
    <Page
      title="Audit log"
      description="Who got in, and who changed what of access and data."
      actions={
        <>
          <SelectField
            label="Kind of event"
            hideLabel
            value={action}
            onChange={(event) => setAction(event.target.value)}
          >
            <option value="">All events</option>
            {ACTIONS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
          <Button icon={Download} pending={saving.isPending} onClick={() => saving.mutate()}>
            Export
          </Button>
        </>
      }
    >
      {!events.items ? (
        <Awaited query={events}>
          <SkeletonRows label="Loading the events" />
        </Awaited>
      ) : events.items.length === 0 ? (
        <EmptyState icon={ScrollText} title="Nothing of this kind">
          Choose another kind of event.
        </EmptyState>
      ) : (
        <Table label="Events" cards>
          <thead>
            <tr>
              <Th>When</Th>
              <Th>What</Th>
              <Th>Who</Th>
              <Th>From</Th>
            </tr>
          </thead>
          <tbody>
            {events.items.map((event) => (
              <Tr key={event.id}>
                <Td className="whitespace-nowrap text-muted card:text-sm">
                  {formatDateTime(event.created_at)}
                </Td>
                <Td className="min-w-44 wrap-anywhere card:col-span-full card:font-medium">
                  {sentence(event.action, event.details)}
                </Td>
                <Td name="Who" className="wrap-anywhere">
                  {event.actor ?? event.actor_kind}
                </Td>
                <Td name="From" className="font-mono text-sm text-muted">
                  {event.address}
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
      <MoreButton list={events} />
    </Page>
  );
}
