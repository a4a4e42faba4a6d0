import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { useState } from "react";
import { Awaited } from "@/components/Awaited";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Skeleton } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatBytes, formatDate, formatMoney, formatNumber } from "@/lib/format";
import { Console } from "./Console";
import { LimitsForm } from "./LimitsForm";
import { Money } from "./Money";
import { useBill, useTenant, type Account, type TenantUsage } from "./queries";
import { SpanField } from "./SpanField";
import { StatusBadge, TierBadge } from "./StatusBadge";
import { TenantActions } from "./TenantActions";

const COSTS = [
  ["compute", "Computing"],
  ["storage", "Storage"],
  ["api", "Requests"],
  ["model", "Models"],
] as const;

export function TenantPage() {
  const { tenantId } = useParams({ from: "/operator/tenants/$tenantId" });
  return (
    <Console>
      <Loaded key={tenantId} id={tenantId} />
    </Console>
  );
}

function Loaded({ id }: { id: string }) {
  const tenant = useTenant(id);
  if (tenant.data) return <Tenant account={tenant.data} />;
  return (
    <Page title="Tenant" tab="Tenant · Operator" description={<Back />}>
      <Awaited query={tenant}>
        <div role="status" aria-label="Loading the tenant" className="grid gap-4 lg:grid-cols-2">
          <Skeleton className="h-72 rounded-lg" />
          <Skeleton className="h-72 rounded-lg" />
        </div>
      </Awaited>
    </Page>
  );
}

function Back() {
  return (
    <Link
      to="/operator"
      className="inline-flex items-center gap-1 underline-offset-4 hover:text-ink hover:underline"
    >
      <ChevronLeft size={15} aria-hidden /> Tenants
    </Link>
  );
}

function Tenant({ account }: { account: Account }) {
  return (
    <Page
      title={account.name}
      tab={`${account.name} · Operator`}
      description={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Back />
          <TierBadge tier={account.tier} />
          <StatusBadge status={account.status} />
        </span>
      }
      actions={<TenantActions account={account} />}
    >
      {account.status === "deleting" && (
        <Notice tone="danger" className="mb-4">
          Nobody can use this tenant any more; a worker is deleting everything that belongs to it.
        </Notice>
      )}
      {account.status === "suspended" && (
        <Notice tone="warn" className="mb-4">
          Nobody can use this tenant
          {account.suspended_at && ` since ${formatDate(account.suspended_at)}`}. Nothing of it is
          deleted.
        </Notice>
      )}
      <div className="grid grid-cols-1 items-start gap-8 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)]">
        <div className="grid grid-cols-1 gap-8">
          <Holdings account={account} />
          <UsageAndCost account={account} />
        </div>
        {account.status !== "deleting" && <LimitsForm account={account} />}
      </div>
    </Page>
  );
}

function Holdings({ account }: { account: Account }) {
  return (
    <section aria-labelledby="holdings">
      <h2 id="holdings" className="mb-3 text-lg font-semibold">
        What it holds
      </h2>
      <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1.5 rounded-lg border border-line bg-surface p-4">
        <Fact name="Members">{formatNumber(account.members)}</Fact>
        <Fact name="Documents">{formatNumber(account.documents)}</Fact>
        <Fact name="Files">{formatBytes(account.file_bytes)}</Fact>
        <Fact name="Passages">{formatNumber(account.passages)}</Fact>
        <Fact name="Since">{formatDate(account.created_at)}</Fact>
        <dt className="text-muted">Id</dt>
        <dd>
          <code className="font-mono text-sm break-all select-all">{account.id}</code>
        </dd>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="text-right tabular-nums">{children}</dd>
    </>
  );
}

function UsageAndCost({ account }: { account: Account }) {
  const [days, setDays] = useState(30);
  const bill = useBill(days);
  const usage = bill.data?.items.find((each) => each.tenant_id === account.id);
  return (
    <section aria-labelledby="usage">
      <div className="mb-3 flex items-center justify-between gap-4">
        <h2 id="usage" className="text-lg font-semibold">
          Usage and cost
        </h2>
        <SpanField days={days} onChange={setDays} />
      </div>
      {usage ? (
        <Figures usage={usage} />
      ) : (
        <Awaited query={bill}>
          <Skeleton className="h-80 rounded-lg" />
        </Awaited>
      )}
    </section>
  );
}

function Figures({ usage }: { usage: TenantUsage }) {
  return (
    <div className="grid gap-4">
      <Table label="Cost by part">
        <thead>
          <tr>
            <Th>Part</Th>
            <Th numeric>Money</Th>
          </tr>
        </thead>
        <tbody>
          {COSTS.map(([part, name]) => (
            <Tr key={part}>
              <Td>{name}</Td>
              <Td numeric>{formatMoney(usage.costs[part])}</Td>
            </Tr>
          ))}
          <Tr className="font-medium">
            <Td>Cost</Td>
            <Td numeric>{formatMoney(usage.costs.total)}</Td>
          </Tr>
          <Tr>
            <Td>Revenue</Td>
            <Td numeric>
              <Money value={usage.revenue} />
            </Td>
          </Tr>
          <Tr className="font-medium">
            <Td>Margin</Td>
            <Td numeric>
              <Money value={usage.margin} />
            </Td>
          </Tr>
        </tbody>
      </Table>
      <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1.5 rounded-lg border border-line bg-surface p-4">
        <Fact name="Requests">{formatNumber(usage.api_calls)}</Fact>
        <Fact name="Look-ups in documents">{formatNumber(usage.vector_searches)}</Fact>
        <Fact name="Database queries">{formatNumber(usage.database_queries)}</Fact>
        <Fact name="Processor time">
          {formatNumber(Number(usage.compute_seconds.toFixed(1)))} s
        </Fact>
        <Fact name="Storage">{formatBytes(usage.storage_bytes)}</Fact>
        <Fact name="Tokens read by models">{formatNumber(usage.input_tokens)}</Fact>
        <Fact name="Tokens written">{formatNumber(usage.output_tokens)}</Fact>
      </dl>
    </div>
  );
}
