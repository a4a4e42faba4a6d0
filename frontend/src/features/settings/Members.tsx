import { useMutation, useQueryClient } from "@tanstack/react-query";
import { UserPlus, Users } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { may, useMay } from "@/api/me";
import { usePages } from "@/api/pages";
import { useSession } from "@/api/session";
import type { Role, User } from "@/api/types";
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
import { formatDate } from "@/lib/format";
import { useGivableRoles } from "./roles";

const KEY = ["members"];

export function Members() {
  const mayChange = useMay("admin");
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<User | null>(null);
  const members = usePages<User>(KEY, (cursor, signal) =>
    call(api.GET("/v1/members", { signal, params: { query: { cursor } } })),
  );
  if (!members.items) {
    return (
      <Awaited query={members}>
        <SkeletonRows rows={3} label="Loading the members" />
      </Awaited>
    );
  }
  return (
    <>
      <div className="mb-4 flex items-center justify-between gap-4">
        <p className="text-muted">Who belongs to this workspace, and what they may do.</p>
        {mayChange && (
          <Button look="primary" icon={UserPlus} onClick={() => setAdding(true)}>
            Add a member
          </Button>
        )}
      </div>
      {members.items.length === 0 ? (
        <EmptyState icon={Users} title="Nobody here">
          Add the people that you work with.
        </EmptyState>
      ) : (
        <Table label="Members" cards>
          <thead>
            <tr>
              <Th>Person</Th>
              <Th>Role</Th>
              <Th>Since</Th>
              <Th>
                <span className="sr-only">What can be done</span>
              </Th>
            </tr>
          </thead>
          <tbody>
            {members.items.map((member) => (
              <MemberRow
                key={member.id}
                member={member}
                mayChange={mayChange}
                onRemove={() => setRemoving(member)}
              />
            ))}
          </tbody>
        </Table>
      )}
      <MoreButton list={members} />
      {adding && <AddMember onClose={() => setAdding(false)} />}
      {removing && <RemoveMember member={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

interface RowProps {
  member: User;
  mayChange: boolean;
  onRemove: () => void;
}

function MemberRow({ member, mayChange, onRemove }: RowProps) {
  const client = useQueryClient();
  const session = useSession();
  const self = "identity" in session && session.identity.user.id === member.id;
  // Nobody changes a role above their own.
  const open = mayChange && !self && may(session, member.role);
  const roles = useGivableRoles();
  const changing = useMutation({
    mutationFn: (role: Role) =>
      call(
        api.PATCH("/v1/members/{member_id}", {
          params: { path: { member_id: member.id } },
          body: { role },
        }),
      ),
    onSuccess: (changed) => toast(`${changed.email} is ${changed.role} now`, { tone: "ok" }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <Tr>
      <Td className="min-w-44">
        <span className="mr-2 font-medium wrap-anywhere">{member.email}</span>
        {self && <span className="text-sm text-muted">you</span>}
      </Td>
      <Td name="Role">
        {open ? (
          <SelectField
            label={`Role of ${member.email}`}
            hideLabel
            className="min-w-28 capitalize"
            value={changing.isPending ? changing.variables : member.role}
            onChange={(event) => changing.mutate(event.target.value as Role)}
          >
            {roles.map(({ value }) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </SelectField>
        ) : (
          <span className="capitalize">{member.role}</span>
        )}
      </Td>
      <Td name="Since" className="whitespace-nowrap text-muted">
        {formatDate(member.created_at)}
      </Td>
      <Td actions>
        {open && (
          <Button size="sm" look="ghost" onClick={onRemove}>
            Remove
          </Button>
        )}
      </Td>
    </Tr>
  );
}

function AddMember({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const roles = useGivableRoles();
  const adding = useMutation({
    mutationFn: (body: { email: string; role: Role }) => call(api.POST("/v1/members", { body })),
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  if (adding.data) {
    return (
      <SecretDialog
        title={`${adding.data.email} was added`}
        label="Temporary password"
        value={adding.data.temporary_password ?? ""}
        onClose={onClose}
      >
        This password is shown once. Give it to them by a safe way; they can change it under
        Settings.
      </SecretDialog>
    );
  }
  return (
    <Dialog open onOpenChange={onClose} title="Add a member">
      <Form
        error={adding.error}
        onSubmit={({ email = "", role = "member" }) =>
          adding.mutate({ email: email.trim(), role: role as Role })
        }
      >
        <div className="grid gap-4">
          <TextField label="E-mail" name="email" type="email" autoComplete="off" required />
          <SelectField label="Role" name="role" defaultValue="member">
            {roles.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
        </div>
        <DialogFooter onCancel={onClose} action="Add the member" pending={adding.isPending} />
      </Form>
    </Dialog>
  );
}

function RemoveMember({ member, onClose }: { member: User; onClose: () => void }) {
  const client = useQueryClient();
  const removing = useMutation({
    mutationFn: () =>
      call(api.DELETE("/v1/members/{member_id}", { params: { path: { member_id: member.id } } })),
    meta: { quiet: true },
    onSuccess: () => {
      onClose();
      toast(`${member.email} was removed`);
      return client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Remove ${member.email}?`}
      description="Their sessions end at once; their API keys and conversations are deleted. Documents stay."
      action="Remove the member"
      pending={removing.isPending}
      error={removing.error}
      onConfirm={() => removing.mutate()}
    />
  );
}
