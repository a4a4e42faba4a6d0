import { useMutation } from "@tanstack/react-query";
import { logIn, logOut, useSession } from "@/api/session";
import { Dialog, DialogFooter } from "@/components/Dialog";
import { PasswordField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";

/** Over the page whose session has ended: what was typed stays, what was asked for goes on. */
export function SessionExpired() {
  const session = useSession();
  const entering = useMutation({ mutationFn: logIn, meta: { quiet: true } });
  if (session.status !== "expired") return null;
  const { email } = session.identity.user;
  return (
    <Dialog
      open
      required
      width="sm"
      onOpenChange={() => undefined}
      title="Your session has ended"
      description="Sign in to go on where you are. Nothing on this page is lost."
    >
      <Form
        error={entering.error}
        onSubmit={({ password = "" }) => entering.mutate({ email, password })}
      >
        <div className="grid gap-4">
          <TextField label="E-mail" name="email" autoComplete="username" value={email} readOnly />
          <PasswordField
            label="Password"
            name="password"
            autoComplete="current-password"
            required
          />
        </div>
        <DialogFooter
          onCancel={() => void logOut()}
          cancel="Leave the page"
          action="Sign in"
          pending={entering.isPending}
        />
      </Form>
    </Dialog>
  );
}
