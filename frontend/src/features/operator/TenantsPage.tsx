import { Link } from "@tanstack/react-router";
import { Building2, Plus, SearchX } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SearchField, SelectField } from "@/components/Field";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Skeleton, SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatBytes, formatCount, formatMoney, formatNumber } from "@/lib/format";
import { Console } from "./Console";
import { CreateTenant } from "./CreateTenant";
import { Money } from "./Money";
import { useBill, type Report, type TenantUsage } from "./queries";
import { SpanField } from "./SpanField";
import { StatusBadge, TierBadge } from "./StatusBadge";

const STEP = 100;

interface Column {
  name: string;
  label: string;
  /** What the rows are ordered by. */
  value: (tenant: TenantUsage) => number | string;
}

interface FigureColumn extends Column {
  cell: (tenant: TenantUsage) => ReactNode;
}

const FIGURES: readonly FigureColumn[] = [
  {
    name: "cost",
    label: "Cost",
    value: (each) => each.costs.total,
    cell: (each) => formatMoney(each.costs.total),
  },
  {
    name: "revenue",
    label: "Revenue",
    value: (each) => each.revenue ?? -Infinity,
    cell: (each) => <Money value={each.revenue} />,
  },
  {
    name: "margin",
    label: "Margin",
    value: (each) => each.margin ?? -Infinity,
    cell: (each) => <Money value={each.margin} />,
  },
  {
    name: "calls",
    label: "Requests",
    value: (each) => each.api_calls,
    cell: (each) => formatNumber(each.api_calls),
  },
  {
    name: "searches",
    label: "Look-ups",
    value: (each) => each.vector_searches,
    cell: (each) => formatNumber(each.vector_searches),
  },
  {
    name: "compute",
    label: "Processor",
    value: (each) => each.compute_seconds,
    cell: (each) => `${formatNumber(Number(each.compute_seconds.toFixed(1)))} s`,
  },
  {
    name: "storage",
    label: "Storage",
    value: (each) => each.storage_bytes,
    cell: (each) => formatBytes(each.storage_bytes),
  },
];

/** Sorted from the largest on; names from A. */
const COLUMNS: readonly Column[] = [
  { name: "name", label: "Tenant", value: (each) => each.name.toLowerCase() },
  ...FIGURES,
];

export function TenantsPage() {
  return (
    <Console>
      <Tenants />
    </Console>
  );
}

function Tenants() {
  const [days, setDays] = useState(30);
  const [making, setMaking] = useState(false);
  const bill = useBill(days);
  return (
    <Page
      title="Tenants"
      tab="Tenants · Operator"
      description="What each used, what that cost, and what is left of what it pays."
      actions={
        <>
          <SpanField days={days} onChange={setDays} />
          <Button look="primary" icon={Plus} onClick={() => setMaking(true)}>
            New tenant
          </Button>
        </>
      }
    >
      {bill.data ? (
        <>
          <Totals report={bill.data} />
          <List tenants={bill.data.items} />
        </>
      ) : (
        <Awaited query={bill}>
          <Loading />
        </Awaited>
      )}
      {making && <CreateTenant onClose={() => setMaking(false)} />}
    </Page>
  );
}

function Loading() {
  return (
    <>
      <div className="mb-6 grid grid-cols-2 gap-3 lg:grid-cols-4">
        {Array.from({ length: 4 }, (_, index) => (
          <Skeleton key={index} className="h-24 rounded-lg" />
        ))}
      </div>
      <SkeletonRows label="Loading the tenants" />
    </>
  );
}

function Totals({ report }: { report: Report }) {
  const { bill, unallocated, items } = report;
  const active = items.filter(({ status }) => status === "active").length;
  const noBill = bill.compute + bill.storage + bill.api === 0;
  return (
    <>
      <dl className="mb-4 grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Figure title="Tenants" note={`${formatNumber(active)} active`}>
          {formatNumber(items.length)}
        </Figure>
        <Figure
          title="Bill"
          note={`${formatMoney(bill.model)} for models; ${formatMoney(unallocated.total)} used by nobody`}
        >
          {formatMoney(bill.total)}
        </Figure>
        <Figure title="Revenue" note="At the tiers’ present prices">
          <Money value={report.revenue} />
        </Figure>
        <Figure title="Margin" note="Revenue less the whole bill">
          <Money value={report.margin} />
        </Figure>
      </dl>
      {(noBill || report.revenue === null) && (
        <Notice className="mb-4">
          {noBill && (
            <p>
              What the infrastructure costs is not set, so that only models cost anything:{" "}
              <Names of={["MONTHLY_COMPUTE_USD", "MONTHLY_STORAGE_USD", "MONTHLY_API_USD"]} />
            </p>
          )}
          {report.revenue === null && (
            <p>
              What tenants pay is not set, so that no margin can be told:{" "}
              <Names of={["MONTHLY_PRICE_STANDARD_USD", "MONTHLY_PRICE_PREMIUM_USD"]} />
            </p>
          )}
        </Notice>
      )}
    </>
  );
}

function Names({ of }: { of: readonly string[] }) {
  return of.map((name, index) => (
    <span key={name}>
      <code className="font-mono text-sm wrap-break-word">{name}</code>
      {index < of.length - 1 ? ", " : "."}
    </span>
  ));
}

interface FigureProps {
  title: string;
  note: string;
  children: ReactNode;
}

function Figure({ title, note, children }: FigureProps) {
  return (
    <div className="rounded-lg border border-line bg-surface p-4">
      <dt className="text-muted">{title}</dt>
      <dd className="mt-1 text-xl font-semibold tabular-nums">{children}</dd>
      <dd className="mt-0.5 text-sm text-muted">{note}</dd>
    </div>
  );
}

function List({ tenants }: { tenants: readonly TenantUsage[] }) {
  const [words, setWords] = useState("");
  const [order, setOrder] = useState({ by: "cost", down: true });
  const [most, setMost] = useState(STEP);
  if (tenants.length === 0) {
    return (
      <EmptyState icon={Building2} title="No tenants yet">
        Make one, or let people sign up.
      </EmptyState>
    );
  }
  const found = tenants.filter(({ name, tenant_id: id }) =>
    `${name} ${id}`.toLowerCase().includes(words.trim().toLowerCase()),
  );
  const rows = sorted(found, order.by, order.down);
  const sort = (by: string) =>
    setOrder((now) => ({ by, down: now.by === by ? !now.down : by !== "name" }));
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <SearchField
          label="Search tenants by name or id"
          placeholder="Name or id"
          value={words}
          onChange={(next) => {
            setWords(next);
            setMost(STEP);
          }}
          className="w-full sm:w-72"
        />
        <p role="status" className="text-sm text-muted">
          {formatCount(found.length, "tenant")}
        </p>
        {/* Cards have no headings to press. */}
        <div className="ml-auto sm:hidden">
          <SelectField
            label="Order by"
            hideLabel
            value={order.by}
            onChange={({ target }) => setOrder({ by: target.value, down: target.value !== "name" })}
          >
            {COLUMNS.map(({ name, label }) => (
              <option key={name} value={name}>
                By {label.toLowerCase()}
              </option>
            ))}
          </SelectField>
        </div>
      </div>
      {found.length === 0 ? (
        <EmptyState icon={SearchX} title="No tenant is called that">
          Search for a part of a name, or for a whole id.
        </EmptyState>
      ) : (
        <Table label="Tenants" cards="tiles">
          <thead>
            <tr>
              {COLUMNS.map(({ name, label }) => (
                <Th
                  key={name}
                  numeric={name !== "name"}
                  sorted={order.by !== name ? "none" : order.down ? "descending" : "ascending"}
                  onSort={() => sort(name)}
                >
                  {label}
                </Th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((tenant) => (
              <Row key={tenant.tenant_id} tenant={tenant} />
            ))}
          </tbody>
        </Table>
      )}
      {rows.length > most && (
        <div className="mt-4 text-center">
          <Button onClick={() => setMost(most + STEP)}>Show more</Button>
        </div>
      )}
    </>
  );
}

function Row({ tenant }: { tenant: TenantUsage }) {
  return (
    <Tr>
      <Td className="min-w-40">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link
            to="/operator/tenants/$tenantId"
            params={{ tenantId: tenant.tenant_id }}
            className="font-medium underline-offset-4 hover:underline"
          >
            {tenant.name}
          </Link>
          <TierBadge tier={tenant.tier} />
          {tenant.status !== "active" && <StatusBadge status={tenant.status} />}
        </span>
      </Td>
      {FIGURES.map(({ name, label, cell }) => (
        <Td key={name} name={label} numeric className="whitespace-nowrap">
          {cell(tenant)}
        </Td>
      ))}
    </Tr>
  );
}

function sorted(tenants: readonly TenantUsage[], by: string, down: boolean): TenantUsage[] {
  const column = COLUMNS.find(({ name }) => name === by);
  if (!column) return [...tenants];
  const compare = (one: TenantUsage, two: TenantUsage) => {
    const [a, b] = [column.value(one), column.value(two)];
    return a < b ? -1 : a > b ? 1 : 0;
  };
  return tenants.toSorted((one, two) => (down ? compare(two, one) : compare(one, two)));
}
