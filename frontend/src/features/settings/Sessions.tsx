import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import type { components } from "@/api/schema";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { MoreButton } from "@/components/MoreButton";
import { SkeletonRows } from "@/components/Skeleton";
import { Table, Td, Th, Tr } from "@/components/Table";
import { toast } from "@/components/toast";
import { formatAgo, formatDate } from "@/lib/format";

type LogIn = components["schemas"]["Session"];

const KEY = ["sessions"];

export function Sessions() {
  const sessions = usePages<LogIn>(KEY, (cursor, signal) =>
    call(api.GET("/v1/sessions", { signal, params: { query: { cursor } } })),
  );
  if (sessions.error) {
    return <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />;
  }
  if (!sessions.items) return <SkeletonRows rows={3} label="Loading the sessions" />;
  return (
    <>
      <p className="mb-4 text-muted">
        Where you are signed in. End what you do not know, and change your password then.
      </p>
      <Table label="Sessions">
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
        <span className="line-clamp-2 break-words">{session.user_agent || "Unknown"}</span>
      </Td>
      <Td className="whitespace-nowrap text-muted">{formatAgo(session.created_at)}</Td>
      <Td className="whitespace-nowrap text-muted">{formatDate(session.expires_at)}</Td>
      <Td className="text-right">
        {session.current ? (
          <Badge tone="ok">This one</Badge>
        ) : (
          <Button size="sm" look="ghost" pending={ending.isPending} onClick={() => ending.mutate()}>
            End
          </Button>
        )}
      </Td>
    </Tr>
  );
}
