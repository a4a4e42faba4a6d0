import { Link } from "@tanstack/react-router";
import {
  Boxes,
  CircleCheck,
  Cpu,
  Database,
  Files,
  Server,
  Zap,
  type LucideIcon,
} from "lucide-react";
import { useState, type ReactNode } from "react";
import { Awaited } from "@/components/Awaited";
import { Badge } from "@/components/Badge";
import { EmptyState } from "@/components/EmptyState";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Skeleton, SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatAgo, formatCount, formatNumber, formatSeconds } from "@/lib/format";
import { Console } from "./Console";
import { usePartsState, useQueue, type Part, type QueueReport, type State } from "./queries";
import { SpanField } from "./SpanField";
import { PartBadge } from "./StatusBadge";

const PARTS: Readonly<Record<string, { name: string; holds: string; icon: LucideIcon }>> = {
  postgres: { name: "PostgreSQL", holds: "Accounts, documents’ text, jobs, money", icon: Database },
  redis: { name: "Redis", holds: "Limits, sessions, kept answers", icon: Zap },
  vectors: { name: "Vector store", holds: "What search compares", icon: Boxes },
  files: { name: "File store", holds: "The originals", icon: Files },
};
const OVERALL = {
  ok: { tone: "ok", title: "Everything is well" },
  degraded: { tone: "warn", title: "Something is away, and done without" },
  unavailable: { tone: "danger", title: "A part is away without which nothing is served" },
} as const;
const QUEUES = { documents: "Documents", analyses: "Analyses", webhooks: "Webhooks" };

export function StatePage() {
  return (
    <Console>
      <Page
        title="State"
        tab="State · Operator"
        description="Every part as one process sees it, asked every five seconds."
      >
        <div className="grid grid-cols-1 gap-10">
          <Topology />
          <Queue />
        </div>
      </Page>
    </Console>
  );
}

function Topology() {
  const state = usePartsState();
  if (!state.data) {
    return (
      <Awaited query={state}>
        <div
          role="status"
          aria-label="Loading the state of the parts"
          className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4"
        >
          {Array.from({ length: 6 }, (_, index) => (
            <Skeleton key={index} className="h-32 rounded-lg" />
          ))}
        </div>
      </Awaited>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-8">
      {state.error ? (
        <Notice tone="danger" problem={state.error} />
      ) : (
        <Overall status={state.data.status} />
      )}
      <Group title="Serving">
        <Api state={state.data} />
        <Workers state={state.data} />
      </Group>
      <Group title="Keeping">
        {Object.entries(state.data.parts).map(([name, part]) => (
          <PartCard key={name} name={name} part={part} />
        ))}
      </Group>
      {state.data.nodes && state.data.nodes.length > 0 && <Nodes nodes={state.data.nodes} />}
    </div>
  );
}

function Overall({ status }: { status: string }) {
  const { tone, title } = OVERALL[status as keyof typeof OVERALL];
  return (
    <Notice tone={tone}>
      <p className="font-medium">{title}</p>
    </Notice>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-3 text-lg font-semibold">{title}</h2>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">{children}</ul>
    </section>
  );
}

interface CardProps {
  icon: LucideIcon;
  name: string;
  badge: ReactNode;
  about: string;
  children: ReactNode;
}

function Card({ icon: Icon, name, badge, about, children }: CardProps) {
  return (
    <li className="rounded-lg border border-line bg-surface p-4">
      <div className="flex items-center gap-2">
        <Icon size={17} aria-hidden className="shrink-0 text-faint" />
        <h3 className="flex-1 font-medium">{name}</h3>
        {badge}
      </div>
      <p className="mt-1 text-sm text-muted">{about}</p>
      <div className="mt-3 text-sm">{children}</div>
    </li>
  );
}

function Api({ state: { api_processes: processes, version } }: { state: State }) {
  return (
    <Card
      icon={Server}
      name="API"
      badge={<Badge tone="ok">Answers</Badge>}
      about="Serves people and programs"
    >
      {processes === undefined
        ? "The others are unknown while the database is away."
        : `${formatCount(processes, "process", "processes")}, version ${version ?? "unknown"}`}
    </Card>
  );
}

function Workers({ state: { queue_depth: depth } }: { state: State }) {
  const silent = depth === null;
  return (
    <Card
      icon={Cpu}
      name="Workers"
      badge={
        depth === undefined ? (
          <Badge>Unknown</Badge>
        ) : (
          <Badge tone={silent ? "danger" : "ok"}>{silent ? "Silent" : "At work"}</Badge>
        )
      }
      about="Read documents, analyse, deliver"
    >
      {depth === undefined
        ? "Nobody can tell while the database is away."
        : silent
          ? "None told of itself within a minute: nothing is read or analysed."
          : `${formatCount(depth, "job")} could start now`}
    </Card>
  );
}

function PartCard({ name, part }: { name: string; part: Part }) {
  const { name: title, holds, icon } = PARTS[name] ?? { name, holds: "", icon: Server };
  return (
    <Card icon={icon} name={title} badge={<PartBadge status={part.status} />} about={holds}>
      {part.status !== "unavailable" && (
        <p className="tabular-nums">
          {part.version && `Version ${part.version}, `}
          {formatNumber(Number(part.latency_ms.toFixed(1)))} ms
        </p>
      )}
      {part.degraded.length > 0 && (
        <p className="mt-1 break-words text-warn">{part.degraded.join("; ")}</p>
      )}
    </Card>
  );
}

function Nodes({ nodes }: { nodes: NonNullable<State["nodes"]> }) {
  return (
    <section>
      <h2 className="mb-3 text-lg font-semibold">Nodes of the vector store</h2>
      <Table label="Nodes of the vector store" cards>
        <thead>
          <tr>
            <Th>Address</Th>
            <Th>State</Th>
            <Th>Circuit breaker</Th>
            <Th numeric>Failures in a row</Th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <Tr key={node.address}>
              <Td className="font-mono text-sm wrap-anywhere">{node.address}</Td>
              <Td name="State">
                <Badge tone={node.state === "up" ? "ok" : "danger"}>
                  <span className="capitalize">{node.state}</span>
                </Badge>
              </Td>
              <Td name="Circuit breaker" className="capitalize">
                {node.breaker.replaceAll("_", "-")}
              </Td>
              <Td name="Failures in a row" numeric>
                {formatNumber(node.consecutive_failures)}
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function Queue() {
  const [days, setDays] = useState(7);
  const queue = useQueue(days);
  const state = usePartsState();
  if (!queue.data) {
    // What keeps both away is told once.
    if (!state.data && state.errorUpdateCount > 0) return null;
    return (
      <Awaited query={queue}>
        <SkeletonRows rows={3} label="Loading the queue" />
      </Awaited>
    );
  }
  return (
    <>
      <Lanes queues={queue.data.queues} />
      <section>
        <div className="mb-3 flex items-center justify-between gap-4">
          <h2 className="text-lg font-semibold">What failed</h2>
          <SpanField days={days} onChange={setDays} />
        </div>
        <Failures failures={queue.data.failures} />
      </section>
    </>
  );
}

function Lanes({ queues }: { queues: QueueReport["queues"] }) {
  return (
    <section>
      <h2 className="mb-3 text-lg font-semibold">Queue</h2>
      {queues === null ? (
        <Notice tone="warn">
          No worker told of the queue within a minute, so nobody knows what waits.
        </Notice>
      ) : (
        <Table label="Queue" cards>
          <thead>
            <tr>
              <Th>Jobs</Th>
              <Th numeric>Running</Th>
              <Th numeric>Waiting</Th>
              <Th numeric>For later</Th>
              <Th numeric>Longest wait</Th>
            </tr>
          </thead>
          <tbody>
            {queues.map((lane) => (
              <Tr key={lane.name}>
                <Td className="card:font-medium">{QUEUES[lane.name]}</Td>
                <Td name="Running" numeric>
                  {formatNumber(lane.running)}
                </Td>
                <Td name="Waiting" numeric>
                  {formatNumber(lane.waiting)}
                </Td>
                <Td name="For later" numeric>
                  {formatNumber(lane.later)}
                </Td>
                <Td name="Longest wait" numeric>
                  {lane.waiting > 0 ? formatSeconds(lane.oldest_seconds) : "–"}
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </section>
  );
}

const KINDS = { document: "Document", analysis: "Analysis", webhook: "Webhook" };

function Failures({ failures }: { failures: QueueReport["failures"] }) {
  if (failures.length === 0) {
    return (
      <EmptyState icon={CircleCheck} title="Nothing failed">
        Documents, analyses and deliveries that fail for good are counted here, without their names.
      </EmptyState>
    );
  }
  return (
    <Table label="What failed" cards>
      <thead>
        <tr>
          <Th>Tenant</Th>
          <Th>What</Th>
          <Th>Why</Th>
          <Th numeric>How many</Th>
          <Th>Last</Th>
        </tr>
      </thead>
      <tbody>
        {failures.map((each) => (
          <Tr key={`${each.tenant_id} ${each.kind} ${each.code}`}>
            <Td>
              <Link
                to="/operator/tenants/$tenantId"
                params={{ tenantId: each.tenant_id }}
                className="font-medium underline-offset-4 hover:underline"
              >
                {each.tenant_name}
              </Link>
            </Td>
            <Td name="What">{KINDS[each.kind]}</Td>
            <Td name="Why">
              <code className="font-mono text-sm">{each.code}</code>
            </Td>
            <Td name="How many" numeric>
              {formatNumber(each.count)}
            </Td>
            <Td name="Last" className="whitespace-nowrap text-muted">
              {formatAgo(each.last_at)}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
