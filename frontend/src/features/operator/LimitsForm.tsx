import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { toast } from "@/components/toast";
import { operatorApi } from "./key";
import { changes, LIMITS, shown } from "./limits";
import { OPERATOR, tenantKey, type Account, type Limits } from "./queries";

interface Change {
  tier?: Account["tier"];
  limits?: Partial<Limits>;
}

export function LimitsForm({ account }: { account: Account }) {
  const client = useQueryClient();
  const saving = useMutation({
    mutationFn: (change: Change) =>
      call(
        operatorApi.PATCH("/v1/admin/tenants/{tenant_id}", {
          params: { path: { tenant_id: account.id } },
          body: change,
        }),
      ),
    meta: { quiet: true },
    onSuccess: (changed) => {
      client.setQueryData(tenantKey(account.id), changed);
      toast("Saved", { detail: "It holds from the tenant’s next request on.", tone: "ok" });
      return client.invalidateQueries({ queryKey: OPERATOR });
    },
  });
  return (
    <section aria-labelledby="limits">
      <h2 id="limits" className="mb-3 text-lg font-semibold">
        Tier and limits
      </h2>
      <Form
        error={saving.error}
        onSubmit={(values) => {
          const limits = changes(account.limits, values);
          const tier = values.tier === "premium" ? "premium" : "standard";
          saving.mutate({
            ...(tier !== account.tier && { tier }),
            ...(Object.keys(limits).length > 0 && { limits }),
          });
        }}
        className="rounded-lg border border-line bg-surface p-4 sm:p-5"
      >
        <div className="grid items-start gap-x-4 gap-y-5 sm:grid-cols-2">
          <div className="sm:col-span-2">
            <SelectField
              label="Tier"
              name="tier"
              defaultValue={account.tier}
              hint="An empty field below means what the tier gives."
            >
              <option value="standard">Standard</option>
              <option value="premium">Premium</option>
            </SelectField>
          </div>
          {LIMITS.map((limit) => (
            <TextField
              key={limit.name}
              label={limit.label}
              name={`limits.${limit.name}`}
              inputMode="decimal"
              autoComplete="off"
              defaultValue={shown(account.limits, limit)}
              hint={`${account.tier === "premium" ? "Premium" : "Standard"} gives ${limit.format(account.tier_limits[limit.name])}`}
            />
          ))}
        </div>
        <div className="mt-5 flex items-center gap-3">
          <Button type="submit" look="primary" pending={saving.isPending}>
            Save
          </Button>
          <p className="text-sm text-muted">It holds from the next request on.</p>
        </div>
      </Form>
    </section>
  );
}
