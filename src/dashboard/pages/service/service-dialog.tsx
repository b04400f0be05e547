/** A dialog with the form of a service. It judges and sends the form, and shows each error below its field. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { type FieldError, HubProblem, problemText } from "../../api/client.ts";
import { hasField, isChanged, readForm, type ServiceBody, type ServiceForm } from "../../model/service-form.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ServiceFields } from "./service-fields.tsx";
import { type FieldsProps, Text } from "./text-field.tsx";

interface ServiceDialogProps {
  title: string;
  start: ServiceForm;
  action: string;
  /** Renders fields before the common fields. */
  head?(fields: FieldsProps): ReactNode;
  /** Rejects with an HubProblem when the hub refuses the service. */
  send(body: ServiceBody, form: ServiceForm): Promise<void>;
  close(): void;
}

/** The form can't be sent as it is. */
class WrongFields extends Error {
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super(errors.map(({ path, message }) => `${path}: ${message}`).join("; "));
    this.errors = errors;
  }
}

const NONE: readonly FieldError[] = [];

export function ServiceDialog({ title, start, action, head, send, close }: ServiceDialogProps) {
  const [first] = useState(start);
  const [form, setForm] = useState(first);
  const element = useRef<HTMLFormElement>(null);
  const sending = useMutation({
    mutationFn: async () => {
      const mistakes = await judged(form, head !== undefined);
      if (mistakes.length > 0) throw new WrongFields(mistakes);
      await send(readForm(form).body, form);
    },
  });
  const { error, isPending } = sending;
  const errors = error instanceof HubProblem || error instanceof WrongFields ? error.errors : NONE;
  const isExplained = errors.length > 0 && errors.every(({ path }) => hasField(form, path));
  const change = (part: Partial<ServiceForm>) => setForm((before) => ({ ...before, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  useEffect(() => {
    if (error !== null) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  return (
    <Dialog title={title} isUnsaved={isChanged(form, first) && !isPending} close={close}>
      <form ref={element} onSubmit={submit} noValidate className="flex flex-col gap-4">
        {head?.({ form, errors, change })}
        <Text
          form={form}
          errors={errors}
          change={change}
          name="name"
          label="Name"
          hint="a-z, 0-9, _ and -"
          mono
          required
        />
        <ServiceFields form={form} errors={errors} change={change} />
        {error !== null && !isExplained && (
          <p role="alert" className="text-down">
            {problemText(error)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" disabled={isPending}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The rules come with their libraries when they are needed. Without them the hub still judges what can be read. */
async function judged(form: ServiceForm, asksProject: boolean): Promise<readonly FieldError[]> {
  const rules = await import("../../model/service-mistakes.ts").catch(() => null);
  return rules === null ? readForm(form).errors : rules.mistakesOf(form, asksProject);
}
