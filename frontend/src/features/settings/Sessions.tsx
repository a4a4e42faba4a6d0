import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import type { components } from "@/api/schema";
import { Awaited } from "@/components/Awaited";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { ConfirmDialog } from "@/components/Dialog";
import { MoreButton } from "@/components/MoreButton";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { toast } from "@/components/toast";
import { formatAgo, formatDate } from "@/lib/format";
import { agentName } from "./agents";

type LogIn = components["schemas"]["Session"];

const KEY = ["sessions"];

export function Sessions() {
  const [endingOthers, setEndingOthers] = useState(false);
  const sessions = usePages<LogIn>(KEY, (cursor, signal) =>
    call(api.GET("/v1/sessions", { signal, params: { query: { cursor } } })),
  );
  if (!sessions.items) {
    return (
      <Awaited query={sessions}>
        <SkeletonRows rows={3} label="Loading the sessions" />
      </Awaited>
    );
  }
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <p className="min-w-0 flex-1 basis-60 text-muted">
          Where you are signed in. End what you do not know, and change your password then.
        </p>
        {sessions.items.some(({ current }) => !current) && (
          <Button onClick={() => setEndingOthers(true)}>End all other sessions</Button>
        )}
      </div>
      <Table label="Sessions" cards>
        <thead>
          <tr>
            <Th>Browser or program</Th>
            <Th>Began</Th>
            <Th>Ends</Th>
            <Th>
              <span className="sr-only">What can be done</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {sessions.items.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </tbody>
      </Table>
      <MoreButton list={sessions} />
      {endingOthers && <EndOthers onClose={() => setEndingOthers(false)} />}
    </>
  );
}

function SessionRow({ session }: { session: LogIn }) {
  const client = useQueryClient();
  const ending = useMutation({
    mutationFn: () =>
      call(
        api.DELETE("/v1/sessions/{session_id}", { params: { path: { session_id: session.id } } }),
      ),
    onSuccess: () => toast("The session was ended"),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <Tr>
      <Td className="max-w-md min-w-44">
        <span className="mr-2 font-medium wrap-anywhere">{agentName(session.user_agent)}</span>
        {session.current && <Badge tone="ok">This session</Badge>}
        {session.user_agent && (
          <details className="text-sm text-muted">
            <summary className="w-fit">As it names itself</summary>
            <p className="wrap-anywhere">{session.user_agent}</p>
          </details>
        )}
      </Td>
      <Td name="Began" className="whitespace-nowrap text-muted">
        {formatAgo(session.created_at)}
      </Td>
      <Td name="Ends" className="whitespace-nowrap text-muted">
        {formatDate(session.expires_at)}
      </Td>
      <Td actions>
        {!session.current && (
          <Button size="sm" look="ghost" pending={ending.isPending} onClick={() => ending.mutate()}>
            End
          </Button>
        )}
      </Td>
    </Tr>
  );
}

function EndOthers({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const ending = useMutation({
    mutationFn: () => call(api.DELETE("/v1/sessions")),
    meta: { quiet: true },
    onSuccess: () => {
      onClose();
      toast("All other sessions were ended");
      return client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title="End all other sessions?"
      description="Wherever else you are signed in, you have to sign in again. You stay signed in here, and API keys go on working."
      action="End all other sessions"
      pending={ending.isPending}
      error={ending.error}
      onConfirm={() => ending.mutate()}
    />
  );
}
