import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import type { components } from "@/api/schema";
import type { Role } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { ConfirmDialog, Dialog, DialogFooter } from "@/components/Dialog";
import { EmptyState } from "@/components/EmptyState";
import { SelectField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { MoreButton } from "@/components/MoreButton";
import { SecretDialog } from "@/components/SecretDialog";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { toast } from "@/components/toast";
import { formatAgo, formatDate } from "@/lib/format";
import { useGivableRoles } from "./roles";

type ApiKey = components["schemas"]["ApiKey"];
type NewKey = components["schemas"]["ApiKeyCreate"];

const KEY = ["api-keys"];
const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "", label: "Until it is deleted" },
];

export function ApiKeys() {
  const [making, setMaking] = useState(false);
  const [deleting, setDeleting] = useState<ApiKey | null>(null);
  const keys = usePages<ApiKey>(KEY, (cursor, signal) =>
    call(api.GET("/v1/api-keys", { signal, params: { query: { cursor } } })),
  );
  if (!keys.items) {
    return (
      <Awaited query={keys}>
        <SkeletonRows rows={3} label="Loading the API keys" />
      </Awaited>
    );
  }
  const make = (
    <Button look="primary" icon={Plus} onClick={() => setMaking(true)}>
      Make a key
    </Button>
  );
  return (
    <>
      {keys.items.length === 0 ? (
        <EmptyState icon={KeyRound} title="No API keys" action={make}>
          A key lets a program do what you may do, or less.
        </EmptyState>
      ) : (
        <>
          <div className="mb-4 flex items-center justify-between gap-4">
            <p className="text-muted">A key lets a program do what its maker may do, or less.</p>
            {make}
          </div>
          <Table label="API keys" cards>
            <thead>
              <tr>
                <Th>Name</Th>
                <Th>Begins with</Th>
                <Th>Role</Th>
                <Th>Last used</Th>
                <Th>Ends</Th>
                <Th>
                  <span className="sr-only">What can be done</span>
                </Th>
              </tr>
            </thead>
            <tbody>
              {keys.items.map((key) => (
                <Tr key={key.id}>
                  <Td className="min-w-36 font-medium wrap-anywhere">{key.name}</Td>
                  <Td name="Begins with">
                    <code className="font-mono text-sm">{key.prefix}…</code>
                  </Td>
                  <Td name="Role" className="capitalize">
                    {key.role}
                  </Td>
                  <Td name="Last used" className="whitespace-nowrap text-muted">
                    {key.last_used_at ? formatAgo(key.last_used_at) : "never"}
                  </Td>
                  <Td name="Ends" className="whitespace-nowrap text-muted">
                    {key.expires_at ? formatDate(key.expires_at) : "never"}
                  </Td>
                  <Td actions>
                    <Button size="sm" look="ghost" onClick={() => setDeleting(key)}>
                      Delete
                    </Button>
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        </>
      )}
      <MoreButton list={keys} />
      {making && <MakeKey onClose={() => setMaking(false)} />}
      {deleting && <DeleteKey apiKey={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function MakeKey({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const roles = useGivableRoles().filter(({ value }) => value !== "owner");
  const making = useMutation({
    mutationFn: (body: NewKey) => call(api.POST("/v1/api-keys", { body })),
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  if (making.data) {
    return (
      <SecretDialog
        title={`The key “${making.data.name}”`}
        label="API key"
        value={making.data.key}
        onClose={onClose}
      >
        Copy it now: it is shown once and kept nowhere.
      </SecretDialog>
    );
  }
  return (
    <Dialog open onOpenChange={onClose} title="Make an API key">
      <Form
        error={making.error}
        onSubmit={({ name = "", role = "viewer", days = "" }) =>
          making.mutate({
            name,
            role: role as Role,
            expires_in_days: days === "" ? null : Number(days),
          })
        }
      >
        <div className="grid gap-4">
          <TextField label="Name" name="name" hint="What will use it, such as: nightly import" />
          <SelectField label="Role" name="role" defaultValue="member">
            {roles.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
          <SelectField label="Lives for" name="days" defaultValue="90">
            {LIVES.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
        </div>
        <DialogFooter onCancel={onClose} action="Make the key" pending={making.isPending} />
      </Form>
    </Dialog>
  );
}

function DeleteKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () =>
      call(api.DELETE("/v1/api-keys/{key_id}", { params: { path: { key_id: apiKey.id } } })),
    meta: { quiet: true },
    onSuccess: () => {
      onClose();
      toast(`The key “${apiKey.name}” was deleted`);
      return client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete the key “${apiKey.name}”?`}
      description="Programs that use it are refused from now on."
      action="Delete the key"
      pending={deleting.isPending}
      error={deleting.error}
      onConfirm={() => deleting.mutate()}
    />
  );
}
