/** A dialog with the form of a service. It sends the form, and shows each error of the hub below its field. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { type FieldError, HubProblem, problemText } from "../../api/client.ts";
import { bodyOf, type ServiceBody, type ServiceForm } from "../../model/service-form.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { errorOf, ServiceFields, Text } from "./service-fields.tsx";

interface ServiceDialogProps {
  title: string;
  start: ServiceForm;
  action: string;
  /** Renders fields before the common fields. */
  head?(fields: {
    form: ServiceForm;
    errors: readonly FieldError[];
    change(part: Partial<ServiceForm>): void;
  }): ReactNode;
  /** Rejects with an HubProblem when the hub refuses the service. */
  send(body: ServiceBody, form: ServiceForm): Promise<void>;
  close(): void;
}

export function ServiceDialog({ title, start, action, head, send, close }: ServiceDialogProps) {
  const [first] = useState(start);
  const [form, setForm] = useState(first);
  const [wrong, setWrong] = useState<readonly FieldError[]>([]);
  const sending = useMutation({ mutationFn: (body: ServiceBody) => send(body, form) });
  const refused = sending.error instanceof HubProblem ? sending.error.errors : [];
  const errors = wrong.length > 0 ? wrong : refused;
  const isExplained = refused.some(({ path }) => errorOf(refused, path) && isShown(path));
  const change = (part: Partial<ServiceForm>) => setForm((before) => ({ ...before, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const made = bodyOf(form);
    setWrong("errors" in made ? made.errors : []);
    if (!("errors" in made)) sending.mutate(made.body);
  };
  return (
    <Dialog title={title} isUnsaved={form !== first && !sending.isPending} close={close}>
      <form onSubmit={submit} className="flex flex-col gap-4">
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
        {sending.error !== null && !isExplained && (
          <p role="alert" className="text-down">
            {problemText(sending.error)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" disabled={sending.isPending}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Returns whether the form has a field for the path of an error. */
function isShown(path: string): boolean {
  return /^(project|name|health_|service_type|tags|depends_on|agent)/.test(path);
}
