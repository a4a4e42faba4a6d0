import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { api, call } from "@/api/client";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { PasswordField } from "@/components/Field";
import { Form } from "@/components/Form";
import { toast } from "@/components/toast";

export function Password() {
  const fields = useRef<HTMLDivElement>(null);
  const changing = useMutation({
    mutationFn: (body: components["schemas"]["PasswordRequest"]) =>
      call(api.PUT("/v1/me/password", { body })),
    meta: { quiet: true },
    onSuccess: () => {
      fields.current?.closest("form")?.reset();
      toast("Your password was changed", { detail: "Your other sessions have ended.", tone: "ok" });
    },
  });
  return (
    <Form
      className="max-w-sm"
      error={changing.error}
      onSubmit={(values) =>
        changing.mutate({
          current_password: values.current_password ?? "",
          new_password: values.new_password ?? "",
        })
      }
    >
      <div ref={fields} className="grid gap-4">
        <PasswordField
          label="Current password"
          name="current_password"
          autoComplete="current-password"
        />
        <PasswordField
          label="New password"
          name="new_password"
          autoComplete="new-password"
          hint="8 characters or more. Your other sessions end."
        />
        <div>
          <Button type="submit" look="primary" pending={changing.isPending}>
            Change the password
          </Button>
        </div>
      </div>
    </Form>
  );
}
