import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus, TableProperties } from "lucide-react";
import { ANALYSIS_LISTS, isLive } from "@/api/analyses";
import { api, call } from "@/api/client";
import { useMay } from "@/api/me";
import { usePages } from "@/api/pages";
import type { Analysis } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SelectField } from "@/components/Field";
import { MoreButton } from "@/components/MoreButton";
import { Page } from "@/components/Page";
import { Progress } from "@/components/Progress";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatAgo, formatMoney, formatNumber } from "@/lib/format";
import { KIND_FACES, kindOf, StatusBadge, statusLabel } from "./kinds";
import { KINDS, STATUSES } from "./names";
import { analysesSearch } from "./search";

const route = getRouteApi("/inside/analyses");

export function AnalysesPage() {
  const may = useMay("member");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const analyses = usePages<Analysis>([...ANALYSIS_LISTS, search], (cursor, signal) =>
    call(
      api.GET("/v1/analyses", {
        signal,
        params: { query: { cursor, kind: search.kind ?? null, status: search.state ?? null } },
      }),
    ),
  );
  const filtered = Boolean(search.kind ?? search.state);
  const empty = analyses.items?.length === 0;
  const change = (part: Record<string, string>) =>
    void navigate({ search: analysesSearch({ ...search, ...part }), replace: true });
  return (
    <Page
      title="Analyses"
      description="One question, asked of many documents."
      actions={may && !(empty && !filtered) && <NewButton />}
    >
      {(filtered || !empty) && (
        <div className="mb-3 flex gap-2">
          <SelectField
            label="Kind"
            hideLabel
            value={search.kind ?? ""}
            onChange={({ target }) => change({ kind: target.value })}
          >
            <option value="">All kinds</option>
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {kindOf(kind).label}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Status"
            hideLabel
            value={search.state ?? ""}
            onChange={({ target }) => change({ state: target.value })}
          >
            <option value="">Any status</option>
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {statusLabel(status)}
              </option>
            ))}
          </SelectField>
        </div>
      )}
      {!analyses.items ? (
        <Awaited query={analyses}>
          <SkeletonRows label="Loading the analyses" />
        </Awaited>
      ) : !empty ? (
        <List analyses={analyses.items} />
      ) : filtered ? (
        <EmptyState icon={TableProperties} title="None of these">
          No analysis is of this kind and status.
        </EmptyState>
      ) : (
        <Nothing may={may} />
      )}
      <MoreButton list={analyses} />
    </Page>
  );
}

function NewButton() {
  return (
    <Button asChild look="primary">
      <Link to="/analyses/new">
        <Plus size={16} aria-hidden />
        New analysis
      </Link>
    </Button>
  );
}

/** What there is to be had, while there is none. */
function Nothing({ may }: { may: boolean }) {
  return (
    <div className="mx-auto max-w-3xl py-8">
      <h2 className="text-lg font-semibold">What an analysis does</h2>
      <p className="mt-1 text-muted">
        It reads every document that you choose, and says where in the document each answer stands.
      </p>
      <ul className="mt-6 grid gap-3 sm:grid-cols-2">
        {KIND_FACES.map(({ kind, label, about, icon: Icon }) => (
          <li key={kind} className="rounded-lg border border-line bg-surface p-4">
            <h3 className="flex items-center gap-2 font-semibold">
              <Icon size={16} aria-hidden className="text-accent" />
              {label}
            </h3>
            <p className="mt-1 text-muted">{about}</p>
          </li>
        ))}
      </ul>
      <div className="mt-6">
        {may ? <NewButton /> : <p className="text-muted">Members can begin one.</p>}
      </div>
    </div>
  );
}

function List({ analyses }: { analyses: readonly Analysis[] }) {
  return (
    <Table label="Analyses">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>Status</Th>
          <Th className="hidden md:table-cell">Documents</Th>
          <Th numeric className="hidden lg:table-cell">
            Cost
          </Th>
          <Th className="hidden sm:table-cell">Made</Th>
        </tr>
      </thead>
      <tbody>
        {analyses.map((each) => (
          <Item key={each.id} analysis={each} />
        ))}
      </tbody>
    </Table>
  );
}

function Item({ analysis }: { analysis: Analysis }) {
  const { label, icon: Icon } = kindOf(analysis.kind);
  const { done, failed, total } = analysis.progress;
  return (
    <Tr className="hover:bg-hover">
      <Td className="w-full max-w-0">
        <div className="flex items-center gap-3">
          <Icon size={16} aria-hidden className="shrink-0 text-faint" />
          <div className="min-w-0">
            <Link
              to="/analyses/$analysisId"
              params={{ analysisId: analysis.id }}
              className="block truncate font-medium underline-offset-4 hover:underline"
            >
              {analysis.name}
            </Link>
            <p className="truncate text-sm text-muted">
              {label}
              <span className="md:hidden">
                {" "}
                · {formatNumber(done)} of {formatNumber(total)}
              </span>
            </p>
          </div>
        </div>
      </Td>
      <Td>
        <StatusBadge status={analysis.status} />
      </Td>
      <Td className="hidden min-w-40 md:table-cell">
        <p className="whitespace-nowrap tabular-nums">
          {formatNumber(done)} of {formatNumber(total)}
          {failed > 0 && <span className="text-danger"> · {formatNumber(failed)} failed</span>}
        </p>
        {isLive(analysis) && (
          <Progress
            className="mt-1.5"
            label={`Documents of ${analysis.name} that are done`}
            value={total === 0 ? null : done / total}
          />
        )}
      </Td>
      <Td numeric className="hidden lg:table-cell">
        {formatMoney(analysis.usage.cost_usd)}
      </Td>
      <Td className="hidden whitespace-nowrap text-muted sm:table-cell">
        {formatAgo(analysis.created_at)}
      </Td>
    </Tr>
  );
}
