import { createContext, use, useEffect, useRef, type ComponentProps } from "react";
import { Notice } from "@/components/Notice";
import { Problem } from "@/api/problem";

const Errors = createContext<Readonly<Record<string, string>>>({});

/** What the server found wrong with the field of this name. */
export function useFieldError(name: string | undefined): string | undefined {
  const errors = use(Errors);
  return name === undefined ? undefined : errors[name];
}

interface FormProps extends Omit<ComponentProps<"form">, "onSubmit"> {
  /** The fields' values by name; trimming is the server's. */
  onSubmit: (values: Record<string, string>) => void;
  /** The mutation's error: a field's is shown at the field, any other above the form's end. */
  error: Error | null;
}

export function Form({ onSubmit, error, children, ...props }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const fields = error instanceof Problem ? error.fields : {};
  const known = Object.keys(fields);

  useEffect(() => {
    if (!error) return;
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);

  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const entries = [...new FormData(event.currentTarget)];
        onSubmit(
          Object.fromEntries(
            entries.map(([name, value]) => [name, typeof value === "string" ? value : ""]),
          ),
        );
      }}
      {...props}
    >
      <Errors value={fields}>{children}</Errors>
      {error && known.length === 0 && <Notice tone="danger" problem={error} className="mt-4" />}
    </form>
  );
}
