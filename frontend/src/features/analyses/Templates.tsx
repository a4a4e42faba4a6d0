import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookmarkPlus, LayoutTemplate, Settings2 } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { useMay } from "@/api/me";
import { Awaited } from "@/components/Awaited";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Checkbox } from "@/components/Checkbox";
import { Dialog, DialogActions, DialogFooter } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/components/Menu";
import { Notice } from "@/components/Notice";
import { SkeletonRows } from "@/components/Skeleton";
import { toast } from "@/components/toast";
import type { Spec } from "./draft";
import { kindOf } from "./kinds";
import { templatesQuery, type Template } from "./templates";

interface TemplatesProps {
  onUse: (template: Template) => void;
  /** Offers to save what is written. */
  onSave: () => void;
}

/** Saved questions: take one, keep this one, look after them. */
export function Templates({ onUse, onSave }: TemplatesProps) {
  const templates = useQuery(templatesQuery);
  const [managing, setManaging] = useState(false);
  return (
    <>
      <Menu align="end" trigger={<Button icon={LayoutTemplate}>Templates</Button>}>
        <MenuItem icon={BookmarkPlus} onSelect={onSave}>
          Save this as a template
        </MenuItem>
        {(templates.data?.length ?? 0) > 0 && (
          <MenuItem icon={Settings2} onSelect={() => setManaging(true)}>
            Share or delete templates
          </MenuItem>
        )}
        <MenuLine />
        {templates.error && <MenuLabel>The templates could not be fetched.</MenuLabel>}
        {templates.data?.length === 0 && (
          <MenuLabel>
            <span className="text-sm text-muted">No templates yet</span>
          </MenuLabel>
        )}
        {templates.data?.map((each) => (
          <MenuItem key={each.id} icon={kindOf(each.kind).icon} onSelect={() => onUse(each)}>
            <span className="max-w-64 truncate">{each.name}</span>
            {each.shared && <span className="ml-auto pl-4 text-xs text-muted">Shared</span>}
          </MenuItem>
        ))}
      </Menu>
      {managing && <ManageTemplates onClose={() => setManaging(false)} />}
    </>
  );
}

function ManageTemplates({ onClose }: { onClose: () => void }) {
  const templates = useQuery(templatesQuery);
  const isAdmin = useMay("admin");
  const client = useQueryClient();
  const [asked, setAsked] = useState<string | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: templatesQuery.queryKey });
  const sharing = useMutation({
    meta: { quiet: true },
    mutationFn: ({ id, shared }: Template) =>
      call(
        api.PATCH("/v1/analyses/templates/{template_id}", {
          params: { path: { template_id: id } },
          body: { shared: !shared },
        }),
      ),
    onSuccess: refresh,
  });
  const deleting = useMutation({
    meta: { quiet: true },
    mutationFn: (id: string) =>
      call(
        api.DELETE("/v1/analyses/templates/{template_id}", {
          params: { path: { template_id: id } },
        }),
      ),
    onSuccess: () => {
      setAsked(null);
      return refresh();
    },
  });
  const error = sharing.error ?? deleting.error;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Templates"
      description="A shared template can be used by everybody in the workspace."
    >
      {error && <Notice tone="danger" problem={error} className="mb-3" />}
      {!templates.data && (
        <Awaited query={templates}>
          <SkeletonRows rows={3} label="Loading the templates" />
        </Awaited>
      )}
      {templates.data?.length === 0 && <p className="text-muted">There are none left.</p>}
      <ul className="grid max-h-96 overflow-y-auto">
        {templates.data?.map((each) => (
          <li
            key={each.id}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line py-2 not-last:border-b"
          >
            <div className="min-w-40 flex-1">
              <p className="flex items-center gap-2 font-medium">
                <span className="truncate">{each.name}</span>
                {each.shared && <Badge tone="accent">Shared</Badge>}
              </p>
              <p className="text-sm text-muted">
                {kindOf(each.kind).label}
                {!each.mine && " · made by somebody else"}
              </p>
            </div>
            {(each.mine || isAdmin) &&
              (asked === each.id ? (
                <>
                  <Button size="sm" onClick={() => setAsked(null)}>
                    Keep it
                  </Button>
                  <Button
                    size="sm"
                    look="danger"
                    pending={deleting.isPending}
                    onClick={() => deleting.mutate(each.id)}
                  >
                    Delete for good
                  </Button>
                </>
              ) : (
                <>
                  <Button
                    size="sm"
                    look="ghost"
                    pending={sharing.isPending && sharing.variables.id === each.id}
                    aria-label={`${each.shared ? "Stop sharing" : "Share"} ${each.name}`}
                    onClick={() => sharing.mutate(each)}
                  >
                    {each.shared ? "Stop sharing" : "Share"}
                  </Button>
                  <Button
                    size="sm"
                    look="ghost"
                    aria-label={`Delete ${each.name}`}
                    onClick={() => setAsked(each.id)}
                  >
                    Delete
                  </Button>
                </>
              ))}
          </li>
        ))}
      </ul>
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
}

interface SaveProps {
  spec: Spec;
  name: string;
  /** The own template that it came from, which may be written over. */
  origin?: Template | null;
  onClose: () => void;
}

export function SaveTemplate({ spec, name, origin = null, onClose }: SaveProps) {
  const client = useQueryClient();
  const [shared, setShared] = useState(origin?.shared ?? false);
  const [over, setOver] = useState(false);
  const saving = useMutation({
    meta: { quiet: true },
    mutationFn: (given: string) =>
      over && origin
        ? call(
            api.PATCH("/v1/analyses/templates/{template_id}", {
              params: { path: { template_id: origin.id } },
              body: { name: given, shared, spec },
            }),
          )
        : call(api.POST("/v1/analyses/templates", { body: { ...spec, name: given, shared } })),
    onSuccess: (saved) => {
      toast(`The template “${saved.name}” was saved`, { tone: "ok" });
      onClose();
      return client.invalidateQueries({ queryKey: templatesQuery.queryKey });
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Save as a template"
      description="Keeps the question, not the documents."
    >
      <Form error={saving.error} onSubmit={(values) => saving.mutate(values.name ?? "")}>
        <div className="grid gap-4">
          <TextField label="Name" name="name" defaultValue={origin?.name ?? name} maxLength={200} />
          <Tick
            label="Share it with everybody in the workspace"
            checked={shared}
            onChange={setShared}
          />
          {origin?.mine && (
            <Tick label={`Write over “${origin.name}”`} checked={over} onChange={setOver} />
          )}
        </div>
        <DialogFooter onCancel={onClose} action="Save the template" pending={saving.isPending} />
      </Form>
    </Dialog>
  );
}

interface TickProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

function Tick({ label, checked, onChange }: TickProps) {
  return (
    <label className="flex items-center gap-3">
      <Checkbox label={label} checked={checked} onChange={onChange} />
      {label}
    </label>
  );
}
