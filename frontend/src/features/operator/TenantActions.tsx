import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CirclePause, CirclePlay, Ellipsis, PencilLine, Trash2 } from "lucide-react";
import { useState } from "react";
import { call } from "@/api/client";
import { Button } from "@/components/Button";
import { ConfirmDialog, Dialog, DialogFooter } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { Menu, MenuItem, MenuLine } from "@/components/Menu";
import { toast } from "@/components/toast";
import { operatorApi } from "./key";
import { OPERATOR, tenantKey, type Account } from "./queries";

type Deed = "rename" | "suspend" | "delete";

export function TenantActions({ account }: { account: Account }) {
  const [deed, setDeed] = useState<Deed | null>(null);
  const change = useChange(account, () => setDeed(null));
  if (account.status === "deleting") return null;
  const suspended = account.status === "suspended";
  const close = () => {
    setDeed(null);
    change.reset();
  };
  return (
    <>
      <Menu
        align="end"
        trigger={
          <Button icon={Ellipsis} pending={change.isPending && deed === null}>
            Manage
          </Button>
        }
      >
        <MenuItem icon={PencilLine} onSelect={() => setDeed("rename")}>
          Rename
        </MenuItem>
        {suspended ? (
          <MenuItem icon={CirclePlay} onSelect={() => change.mutate({ suspended: false })}>
            Let it be used again
          </MenuItem>
        ) : (
          <MenuItem icon={CirclePause} onSelect={() => setDeed("suspend")}>
            Suspend
          </MenuItem>
        )}
        <MenuLine />
        <MenuItem icon={Trash2} danger onSelect={() => setDeed("delete")}>
          Delete with everything
        </MenuItem>
      </Menu>
      {deed === "rename" && (
        <Dialog open onOpenChange={close} title="Rename the tenant">
          <Form error={change.error} onSubmit={({ name = "" }) => change.mutate({ name })}>
            <TextField
              label="Name"
              name="name"
              autoComplete="off"
              defaultValue={account.name}
              required
            />
            <DialogFooter onCancel={close} action="Rename" pending={change.isPending} />
          </Form>
        </Dialog>
      )}
      {deed === "suspend" && (
        <ConfirmDialog
          open
          onOpenChange={close}
          title={`Suspend ${account.name}?`}
          description="Nobody can use it from the next request on, people and programs alike. Nothing is deleted, and you can let it be used again."
          action="Suspend the tenant"
          pending={change.isPending}
          error={change.error}
          onConfirm={() => change.mutate({ suspended: true })}
        />
      )}
      {deed === "delete" && <DeleteTenant account={account} onClose={close} />}
    </>
  );
}

function useChange(account: Account, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name?: string; suspended?: boolean }) =>
      call(
        operatorApi.PATCH("/v1/admin/tenants/{tenant_id}", {
          params: { path: { tenant_id: account.id } },
          body,
        }),
      ),
    // Dialogs show their errors themselves; to resume has none.
    meta: { quiet: account.status !== "suspended" },
    onSuccess: (changed, { name, suspended }) => {
      client.setQueryData(tenantKey(account.id), changed);
      if (name !== undefined) toast(`The tenant is called ${changed.name} now`, { tone: "ok" });
      if (suspended === true) toast(`${changed.name} is suspended`);
      if (suspended === false) toast(`${changed.name} can be used again`, { tone: "ok" });
      onDone();
      return client.invalidateQueries({ queryKey: OPERATOR });
    },
  });
}

function DeleteTenant({ account, onClose }: { account: Account; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(false);
  const deleting = useMutation({
    mutationFn: () =>
      call(
        operatorApi.DELETE("/v1/admin/tenants/{tenant_id}", {
          params: { path: { tenant_id: account.id } },
        }),
      ),
    meta: { quiet: true },
    onSuccess: async () => {
      toast(`${account.name} is being deleted`);
      await navigate({ to: "/operator" });
      return client.invalidateQueries({ queryKey: OPERATOR });
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Delete ${account.name} with everything?`}
      description="Its members, documents, conversations and analyses are deleted for good. It cannot be undone."
    >
      <Form
        error={deleting.error}
        onSubmit={() => {
          if (typed.trim() === account.name) deleting.mutate();
          else setWrong(true);
        }}
      >
        <TextField
          label={`Type “${account.name}” to go on`}
          name="confirmation"
          autoComplete="off"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setWrong(false);
          }}
          error={wrong ? "This is not the tenant’s name." : undefined}
        />
        <DialogFooter
          onCancel={onClose}
          action="Delete the tenant"
          danger
          pending={deleting.isPending}
        />
      </Form>
    </Dialog>
  );
}
