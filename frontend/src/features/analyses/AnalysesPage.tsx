import { Link } from "@tanstack/react-router";
import { Plus, TableProperties } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { useMay } from "@/api/me";
import { usePages } from "@/api/pages";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { SelectField } from "@/components/Field";
import { MoreButton } from "@/components/MoreButton";
import { Page } from "@/components/Page";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { formatAgo, formatMoney } from "@/lib/format";
import { kindLabel, KINDS, StatusBadge, STATUSES, type Analysis } from "./kinds";

export function AnalysesPage() {
  const may = useMay("member");
  const [kind, setKind] = useState("");
  const [status, setStatus] = useState("");
  const chosen = {
    kind: KINDS.find((each) => each.kind === kind)?.kind ?? null,
    status: STATUSES.find((each) => each.status === status)?.status ?? null,
  };
  const analyses = usePages<Analysis>(["analyses", "list", kind, status], (cursor, signal) =>
    call(
      api.GET("/v1/analyses", {
        signal,
        params: {
          query: {
            cursor,
            ...(chosen.kind && { kind: chosen.kind }),
            ...(chosen.status && { status: chosen.status }),
          },
        },
      }),
    ),
  );
  const create = may && (
    <Button asChild look="primary">
      <Link to="/analyses/new">
        <Plus size={16} aria-hidden />
        New analysis
      </Link>
    </Button>
  );
  return (
    <Page
      title="Analyses"
      description="One question, asked of many documents."
      actions={
        <>
          <SelectField
            label="Kind"
            hideLabel
            value={kind}
            onChange={(event) => setKind(event.target.value)}
          >
            <option value="">All kinds</option>
            {KINDS.map((each) => (
              <option key={each.kind} value={each.kind}>
                {each.label}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Status"
            hideLabel
            value={status}
            onChange={(event) => setStatus(event.target.value)}
          >
            <option value="">Any status</option>
            {STATUSES.map((each) => (
              <option key={each.status} value={each.status}>
                {each.label}
              </option>
            ))}
          </SelectField>
          {create}
        </>
      }
    >
      {analyses.error ? (
        <ErrorState error={analyses.error} onRetry={() => void analyses.refetch()} />
      ) : !analyses.items ? (
        <SkeletonRows label="Loading the analyses" />
      ) : analyses.items.length === 0 ? (
        kind || status ? (
          <EmptyState icon={TableProperties} title="Nothing of this kind">
            Choose another kind or status.
          </EmptyState>
        ) : (
          <EmptyState icon={TableProperties} title="No analyses yet" action={create}>
            <dl className="mt-3 grid gap-2 text-left">
              {KINDS.map((each) => (
                <div key={each.kind}>
                  <dt className="font-medium text-ink">{each.label}</dt>
                  <dd>{each.about}</dd>
                </div>
              ))}
            </dl>
          </EmptyState>
        )
      ) : (
        <Table label="Analyses">
          <thead>
            <tr>
              <Th>Name</Th>
              <Th>Kind</Th>
              <Th>Status</Th>
              <Th numeric>Documents</Th>
              <Th numeric>Cost</Th>
              <Th>Made</Th>
            </tr>
          </thead>
          <tbody>
            {analyses.items.map((each) => (
              <Tr key={each.id}>
                <Td>
                  <Link
                    to="/analyses/$analysisId"
                    params={{ analysisId: each.id }}
                    className="font-medium underline-offset-4 hover:underline"
                  >
                    {each.name}
                  </Link>
                </Td>
                <Td className="text-muted">{kindLabel(each.kind)}</Td>
                <Td>
                  <StatusBadge status={each.status} />
                </Td>
                <Td numeric>
                  {each.progress.done} / {each.progress.total}
                </Td>
                <Td numeric>{formatMoney(each.usage.cost_usd)}</Td>
                <Td className="whitespace-nowrap text-muted">{formatAgo(each.created_at)}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
      <MoreButton list={analyses} />
    </Page>
  );
}
