import { type ReactNode, useId } from "react";
import type { FieldError } from "../../api/client.ts";
import { errorOf } from "../../model/field-errors.ts";
import { completions } from "../../model/known-names.ts";
import type { ServiceForm } from "../../model/service-form.ts";
import { Field } from "../../ui/field.tsx";

export interface FieldsProps {
  form: ServiceForm;
  errors: readonly FieldError[];
  change(part: Partial<ServiceForm>): void;
}

interface TextProps extends FieldsProps {
  name: Exclude<keyof ServiceForm, "health_method" | "service_type" | "health_options" | "container">;
  label: string;
  hint?: ReactNode;
  mono?: boolean;
  required?: boolean;
  /** Names to offer. */
  known?: readonly string[];
  /** The field takes several names. */
  isList?: boolean;
}

/** A field of the form that holds a text. */
export function Text(props: TextProps) {
  const { form, errors, change, name, label, hint, mono = false, required = false, known, isList = false } = props;
  const listId = useId();
  return (
    <Field label={label} hint={hint} error={errorOf(errors, name)}>
      {(control) => (
        <>
          <input
            {...control}
            required={required}
            list={known === undefined ? undefined : listId}
            autoComplete="off"
            spellCheck={false}
            className={`field ${mono ? "font-mono" : ""}`}
            value={form[name]}
            onChange={(event) => change({ [name]: event.target.value })}
          />
          {known !== undefined && (
            <datalist id={listId}>
              {completions(form[name], known, isList).map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}
