import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { logIn } from "@/api/session";
import { Button } from "@/components/Button";
import { PasswordField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { AuthFrame } from "./AuthFrame";

export function SignInPage() {
  const search = useSearch({ from: "/outside" });
  // The router leads on as soon as the session is there.
  const entering = useMutation({ mutationFn: logIn, meta: { quiet: true } });
  return (
    <AuthFrame title="Sign in" lead="Welcome back.">
      <Form
        error={entering.error}
        onSubmit={({ email = "", password = "" }) =>
          entering.mutate({ email: email.trim(), password })
        }
      >
        <div className="grid gap-4">
          <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
          <PasswordField
            label="Password"
            name="password"
            autoComplete="current-password"
            required
          />
          <Button type="submit" look="primary" size="lg" pending={entering.isPending}>
            Sign in
          </Button>
        </div>
      </Form>
      <p className="mt-6 text-muted">
        New here?{" "}
        <Link
          to="/sign-up"
          search={search}
          className="font-medium text-accent underline underline-offset-4"
        >
          Create a workspace
        </Link>
      </p>
    </AuthFrame>
  );
}
