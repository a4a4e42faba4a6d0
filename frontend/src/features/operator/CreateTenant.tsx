import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import type { components } from "@/api/schema";
import { Dialog, DialogFooter } from "@/components/Dialog";
import { SelectField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { SecretDialog } from "@/components/SecretDialog";
import { operatorApi } from "./key";
import { OPERATOR } from "./queries";

type NewTenant = Pick<components["schemas"]["TenantCreate"], "name" | "owner_email" | "tier">;

export function CreateTenant({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const making = useMutation({
    mutationFn: (body: NewTenant) => call(operatorApi.POST("/v1/admin/tenants", { body })),
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: OPERATOR }),
  });
  if (making.data) {
    const { name, owner } = making.data;
    return (
      <SecretDialog
        title={`${name} was made`}
        label="Temporary password"
        value={owner.temporary_password}
        onClose={onClose}
      >
        This password is shown once. Give it to {owner.email} by a safe way; they can change it
        under Settings.
      </SecretDialog>
    );
  }
  return (
    <Dialog open onOpenChange={onClose} title="New tenant">
      <Form
        error={making.error}
        onSubmit={({ name = "", owner_email: email = "", tier }) =>
          making.mutate({
            name,
            owner_email: email.trim(),
            tier: tier === "premium" ? "premium" : "standard",
          })
        }
      >
        <div className="grid gap-4">
          <TextField label="Name of the workspace" name="name" autoComplete="off" required />
          <TextField
            label="E-mail of its owner"
            name="owner_email"
            type="email"
            autoComplete="off"
            required
          />
          <SelectField label="Tier" name="tier" defaultValue="standard">
            <option value="standard">Standard</option>
            <option value="premium">Premium</option>
          </SelectField>
        </div>
        <DialogFooter onCancel={onClose} action="Make the tenant" pending={making.isPending} />
      </Form>
    </Dialog>
  );
}
