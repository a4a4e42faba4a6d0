import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { every } from "@/api/query-client";
import type { components } from "@/api/schema";
import { Awaited } from "@/components/Awaited";
import { Chart, type Series } from "@/components/Chart";
import { SelectField } from "@/components/Field";
import { Page } from "@/components/Page";
import { Progress } from "@/components/Progress";
import { Skeleton } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatBinary, formatBytes, formatDate, formatMoney, formatNumber } from "@/lib/format";
import { labelOf, since, SPANS, starts, type Span, type SpanName } from "./spans";

type Report = components["schemas"]["UsageReport"];
type Period = components["schemas"]["UsagePeriod"];

const COSTS = ["compute", "storage", "api", "model"] as const;
const COST_NAMES = { compute: "Computing", storage: "Storage", api: "Requests", model: "Models" };
const NEARLY = 0.8;

export function UsagePage() {
  const [name, setName] = useState<SpanName>("month");
  const span = SPANS.find((each) => each.value === name) ?? SPANS[2];
  const report = useQuery({
    queryKey: ["usage", span.value],
    queryFn: ({ signal }) =>
      call(
        api.GET("/v1/usage", {
          signal,
          params: { query: { from: since(span), granularity: span.granularity } },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: every(60_000),
  });
  return (
    <Page
      title="Usage and cost"
      description="Counters are some seconds behind; money is exact."
      actions={
        <SelectField
          label="Time span"
          hideLabel
          value={name}
          onChange={(event) => setName(event.target.value as SpanName)}
        >
          {SPANS.map((each) => (
            <option key={each.value} value={each.value}>
              {each.label}
            </option>
          ))}
        </SelectField>
      }
    >
      {report.data ? (
        <Figures report={report.data} span={span} />
      ) : (
        <Awaited query={report}>
          <Loading />
        </Awaited>
      )}
    </Page>
  );
}

function Loading() {
  return (
    <div
      role="status"
      aria-label="Loading the usage"
      className="grid grid-cols-1 gap-4 md:grid-cols-2"
    >
      {Array.from({ length: 6 }, (_, index) => (
        <Skeleton key={index} className="h-40" />
      ))}
    </div>
  );
}

function Figures({ report, span }: { report: Report; span: Span }) {
  const periods = filled(report, span);
  const labels = periods.map(({ start }) => labelOf(start, span.granularity));
  const one = (title: string, value: (period: Period) => number): Series[] => [
    { name: title, values: periods.map(value) },
  ];
  const costs = COSTS.map((part) => ({
    name: COST_NAMES[part],
    values: periods.map((period) => period.costs[part]),
  }));
  return (
    <div className="grid grid-cols-1 gap-8">
      <Allowances report={report} />
      <section aria-labelledby="costs">
        <h2 id="costs" className="mb-3 text-lg font-semibold">
          Cost
        </h2>
        <div className="grid grid-cols-1 gap-4 lg:grid-cols-[3fr_2fr]">
          <Chart title="Cost by part" labels={labels} series={costs} format={formatMoney} />
          <CostTable report={report} />
        </div>
      </section>
      <section aria-labelledby="meters">
        <h2 id="meters" className="mb-3 text-lg font-semibold">
          What was used
        </h2>
        <div className="grid grid-cols-1 gap-4 md:grid-cols-2">
          <Chart
            title="API calls"
            note="Each request of this web application and of your programs."
            labels={labels}
            series={one("Calls", (each) => each.api_calls)}
            format={formatNumber}
          />
          <Chart
            title="Look-ups in documents"
            note="One for a search or a question; one for each thing that an analysis looks for in each document."
            labels={labels}
            series={one("Look-ups", (each) => each.vector_searches)}
            format={formatNumber}
          />
          <Chart
            title="Database queries"
            note="What Assay reads and writes of your workspace to do all this."
            labels={labels}
            series={one("Queries", (each) => each.database_queries)}
            format={formatNumber}
          />
          <Chart
            title="Processor time"
            note="To answer, and to read documents."
            labels={labels}
            series={one("Seconds", (each) => each.compute_seconds)}
            format={(value) =>
              `${formatNumber(Number(value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0)))} s`
            }
          />
          <Chart
            title="Tokens of models"
            note="Pieces of words. Without a model there are none."
            labels={labels}
            series={[
              { name: "Read", values: periods.map((each) => each.input_tokens) },
              { name: "Written", values: periods.map((each) => each.output_tokens) },
            ]}
            format={formatNumber}
          />
          <UsageTable periods={periods} labels={labels} />
        </div>
      </section>
    </div>
  );
}

function Allowances({ report }: { report: Report }) {
  const { budget, limits } = report;
  return (
    <section aria-label="Budget and limits" className="grid grid-cols-1 gap-4 md:grid-cols-3">
      <Meter
        title="Budget for models"
        held={budget.spent_usd}
        most={budget.limit_usd}
        format={formatMoney}
        note={`${formatMoney(budget.left_usd)} left; begins anew on ${formatDate(budget.resets_at)}`}
      />
      <Meter
        title="Room for documents"
        held={limits.vector_bytes_held}
        most={limits.vector_bytes}
        format={formatBinary}
        note={`${formatNumber(limits.documents)} ${limits.documents === 1 ? "document" : "documents"}, as search keeps them`}
      />
      <dl className="grid grid-cols-[1fr_auto] content-start gap-x-4 gap-y-1 rounded-lg border border-line bg-surface p-4 [&>dd]:text-right">
        <dt className="text-muted">Tier</dt>
        <dd className="font-medium capitalize">{limits.tier}</dd>
        <dt className="text-muted">Requests a minute</dt>
        <dd className="tabular-nums">{formatNumber(limits.requests_per_minute)}</dd>
        <dt className="text-muted">At the same moment</dt>
        <dd className="tabular-nums">{formatNumber(limits.concurrent_requests)}</dd>
        <dt className="text-muted">Kept answers</dt>
        <dd className="tabular-nums">{formatBinary(limits.query_cache_bytes)}</dd>
      </dl>
    </section>
  );
}

interface MeterProps {
  title: string;
  held: number;
  most: number;
  format: (value: number) => string;
  note: string;
}

function Meter({ title, held, most, format, note }: MeterProps) {
  const share = most > 0 ? held / most : 1;
  return (
    <div className="grid content-start gap-2 rounded-lg border border-line bg-surface p-4">
      <h2 className="text-muted">{title}</h2>
      <p className="text-xl font-semibold tabular-nums">
        {format(held)} <span className="text-base font-normal text-muted">of {format(most)}</span>
      </p>
      <Progress
        label={title}
        value={Math.min(1, share)}
        tone={share >= 1 ? "danger" : share >= NEARLY ? "warn" : "accent"}
      />
      <p className="text-sm text-muted">{note}</p>
    </div>
  );
}

function CostTable({ report }: { report: Report }) {
  const { costs } = report.total;
  return (
    <Table label="Cost by part">
      <thead>
        <tr>
          <Th>Part</Th>
          <Th numeric>Cost</Th>
        </tr>
      </thead>
      <tbody>
        {COSTS.map((part) => (
          <Tr key={part}>
            <Td>{COST_NAMES[part]}</Td>
            <Td numeric>{formatMoney(costs[part])}</Td>
          </Tr>
        ))}
        <Tr className="font-medium">
          <Td>In all</Td>
          <Td numeric>{formatMoney(costs.total)}</Td>
        </Tr>
      </tbody>
    </Table>
  );
}

/** The charts' figures for who reads tables: each period with anything in it. */
function UsageTable({ periods, labels }: { periods: Period[]; labels: string[] }) {
  const rows = periods
    .map((period, index) => ({ period, label: labels[index] ?? "" }))
    .filter(({ period }) => period.api_calls > 0 || period.costs.total > 0)
    .reverse();
  return (
    <details className="self-start rounded-lg border border-line bg-surface p-4">
      <summary className="font-medium">As a table</summary>
      <div className="mt-3 max-h-80 overflow-y-auto">
        <Table label="Usage by period" cards>
          <thead>
            <tr>
              <Th>Period</Th>
              <Th numeric>Calls</Th>
              <Th numeric>Look-ups</Th>
              <Th numeric>Storage</Th>
              <Th numeric>Cost</Th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ period, label }) => (
              <Tr key={period.start}>
                <Td className="card:font-medium">{label}</Td>
                <Td name="Calls" numeric>
                  {formatNumber(period.api_calls)}
                </Td>
                <Td name="Look-ups" numeric>
                  {formatNumber(period.vector_searches)}
                </Td>
                <Td name="Storage" numeric>
                  {formatBytes(period.storage_bytes)}
                </Td>
                <Td name="Cost" numeric>
                  {formatMoney(period.costs.total)}
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      </div>
    </details>
  );
}

const NOTHING = {
  api_calls: 0,
  database_queries: 0,
  vector_searches: 0,
  storage_bytes: 0,
  compute_seconds: 0,
  input_tokens: 0,
  output_tokens: 0,
  costs: { compute: 0, storage: 0, api: 0, model: 0, total: 0 },
};

function filled(report: Report, span: Span): Period[] {
  const found = new Map(report.items.map((each) => [Date.parse(each.start), each]));
  return starts(span).map((start) => found.get(Date.parse(start)) ?? { ...NOTHING, start });
}
