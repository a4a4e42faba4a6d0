import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ANALYSIS_LISTS } from "@/api/analyses";
import { api, call } from "@/api/client";
import { useMay } from "@/api/me";
import { Problem } from "@/api/problem";
import type { components } from "@/api/schema";
import { ErrorState } from "@/components/ErrorState";
import { Page } from "@/components/Page";
import { toast } from "@/components/toast";
import { newId } from "@/lib/ids";
import { useStore } from "@/lib/store";
import { bodyOf, draftStore, emptyDraft, faultsOf, faultsOfSpec, specOf, withSpec } from "./draft";
import { DraftKind } from "./DraftKind";
import type { Change } from "./DraftPart";
import { DraftQuestion } from "./DraftQuestion";
import { DraftScope } from "./DraftScope";
import { RunPanel } from "./RunPanel";
import { SaveTemplate, Templates } from "./Templates";
import type { Template } from "./templates";

type Body = components["schemas"]["AnalysisCreate"];

export function NewAnalysisPage() {
  const may = useMay("member");
  if (!may) {
    const refused = { status: 403, code: "forbidden", title: "Forbidden" };
    return (
      <Page title="New analysis">
        <ErrorState error={new Problem({ ...refused, detail: "Members can begin an analysis." })} />
      </Page>
    );
  }
  return <Writing />;
}

function Writing() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const draft = useStore(draftStore);
  const [checked, setChecked] = useState(false);
  const [template, setTemplate] = useState<Template | null>(null);
  const [saving, setSaving] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  // One for one question: sent again after a lost answer, it starts nothing twice.
  const key = useRef(newId());

  const creating = useMutation({
    meta: { quiet: true },
    mutationFn: (body: Body) =>
      call(
        api.POST("/v1/analyses", {
          body,
          params: { header: { "idempotency-key": key.current } },
        }),
      ),
    onSuccess: async ({ id }) => {
      draftStore.set(emptyDraft());
      void client.invalidateQueries({ queryKey: ANALYSIS_LISTS });
      await navigate({ to: "/analyses/$analysisId", params: { analysisId: id } });
    },
  });

  const change: Change = (part) => {
    draftStore.set((before) => ({ ...before, ...part }));
    key.current = newId();
    creating.reset();
  };
  const own = faultsOf(draft);
  const told = creating.error instanceof Problem ? creating.error.fields : {};
  const faults = checked ? { ...told, ...own } : told;
  useEffect(() => {
    if (creating.error) focusFault(form.current);
  }, [creating.error]);

  const run = () => {
    setChecked(true);
    if (Object.keys(own).length === 0) creating.mutate(bodyOf(draft));
    // The faults are drawn first.
    else requestAnimationFrame(() => focusFault(form.current));
  };
  const save = () => {
    if (Object.keys(faultsOfSpec(draft)).length === 0) {
      setSaving(true);
      return;
    }
    setChecked(true);
    toast("Complete the question first", { detail: "What is missing is marked." });
  };

  return (
    <Page
      title="New analysis"
      description="Nothing runs before you have seen what it takes."
      actions={
        <Templates
          onSave={save}
          onUse={(chosen) => {
            setTemplate(chosen);
            change(withSpec(draft, chosen));
          }}
        />
      }
    >
      <div className="grid max-w-6xl items-start gap-8 xl:grid-cols-[minmax(0,1fr)_18rem]">
        <div ref={form} className="grid gap-8">
          <DraftKind draft={draft} faults={faults} change={change} />
          <DraftScope draft={draft} faults={faults} change={change} />
          <DraftQuestion draft={draft} faults={faults} change={change} />
        </div>
        <RunPanel
          draft={draft}
          marked={checked && Object.keys(own).length > 0}
          error={creating.error}
          pending={creating.isPending}
          onRun={run}
        />
      </div>
      {saving && (
        <SaveTemplate
          spec={specOf(draft)}
          name={draft.name}
          origin={template?.kind === draft.kind ? template : null}
          onClose={() => setSaving(false)}
        />
      )}
    </Page>
  );
}

function focusFault(form: HTMLElement | null): void {
  form?.querySelector<HTMLElement>("[aria-invalid=true], [data-fault] input")?.focus();
}
