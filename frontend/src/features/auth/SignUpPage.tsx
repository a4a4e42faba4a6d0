import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { signUp } from "@/api/session";
import { Button } from "@/components/Button";
import { PasswordField, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { AuthFrame } from "./AuthFrame";

export function SignUpPage() {
  const search = useSearch({ from: "/outside" });
  const entering = useMutation({ mutationFn: signUp, meta: { quiet: true } });
  return (
    <AuthFrame
      title="Make a workspace"
      lead="A room of its own for your team’s documents and answers."
    >
      <Form
        error={entering.error}
        onSubmit={({ workspace = "", email = "", password = "" }) =>
          entering.mutate({ workspace, email: email.trim(), password })
        }
      >
        <div className="grid gap-4">
          <TextField
            label="Workspace"
            name="workspace"
            autoComplete="organization"
            placeholder="Your company or team"
            required
          />
          <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
          <PasswordField
            label="Password"
            name="password"
            autoComplete="new-password"
            hint="At least 8 characters. A few words in a row are easy to keep."
            required
          />
          <Button type="submit" look="primary" size="lg" pending={entering.isPending}>
            Create the workspace
          </Button>
        </div>
      </Form>
      <p className="mt-6 text-muted">
        Already have one?{" "}
        <Link
          to="/sign-in"
          search={search}
          className="font-medium text-accent underline underline-offset-4"
        >
          Sign in
        </Link>
      </p>
    </AuthFrame>
  );
}
