import { HEALTH_METHODS, methodOf } from "../../../core/methods/index.ts";
import { SERVICE_TYPES } from "../../../core/service/records.ts";
import type { FieldError } from "../../api/client.ts";
import { optionsOf, withOption } from "../../model/option-help.ts";
import { asMethod, asType, type ServiceForm } from "../../model/service-form.ts";
import { Field } from "../../ui/field.tsx";

interface FieldsProps {
  form: ServiceForm;
  errors: readonly FieldError[];
  change(part: Partial<ServiceForm>): void;
}

/** The fields for a new service and for an existing one. */
export function ServiceFields(props: FieldsProps) {
  const { form, errors, change } = props;
  const { checks, runner, target } = methodOf(form.health_method);
  return (
    <>
      <Field label="Checked by" hint={checks} error={errorOf(errors, "health_method")}>
        {(control) => (
          <select
            {...control}
            className="field"
            value={form.health_method}
            onChange={(event) => change({ health_method: asMethod(event.target.value) })}
          >
            {HEALTH_METHODS.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </select>
        )}
      </Field>
      {target !== null && (
        <Text {...props} name="health_url" label="Target" hint={`For example ${target.example}`} mono required />
      )}
      {runner !== "service" && (
        <Text {...props} name="agent" label="Agent" hint="The agent that runs the check; empty: the hub does" mono />
      )}
      <div className="grid grid-cols-2 gap-4 sm:grid-cols-5">
        <Text {...props} name="health_interval" label="Every" hint="seconds" />
        <Text {...props} name="health_timeout" label="Timeout" hint="seconds" />
        <Text {...props} name="health_retries" label="Retries" hint="before down" />
        <Text {...props} name="recover_after" label="Passes" hint="before up again" />
        <Field label="Type" error={errorOf(errors, "service_type")}>
          {(control) => (
            <select
              {...control}
              className="field"
              value={form.service_type}
              onChange={(event) => change({ service_type: asType(event.target.value) })}
            >
              <option value="">guess</option>
              {SERVICE_TYPES.map((type) => (
                <option key={type}>{type}</option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Text {...props} name="depends_on" label="Depends on" hint="service or project/service, with commas" mono />
        <Text {...props} name="tags" label="Tags" hint="with commas" />
      </div>
      <details open={form.health_options !== "" || errorOf(errors, "health_options") !== undefined}>
        <summary className="py-1 font-medium">Options of the check</summary>
        <Field
          label="Options, as JSON"
          hint={'For example {"expected_status": [200], "degraded_above_ms": 500}'}
          error={errorOf(errors, "health_options")}
          className="pt-2"
        >
          {(control) => (
            <textarea
              {...control}
              rows={4}
              spellCheck={false}
              className="field font-mono"
              value={form.health_options}
              onChange={(event) => change({ health_options: event.target.value })}
            />
          )}
        </Field>
        <OptionList form={form} change={change} />
      </details>
    </>
  );
}

/** Explains the options of the method. Each can be added with an example. */
function OptionList({ form, change }: Pick<FieldsProps, "form" | "change">) {
  return (
    <dl className="grid gap-x-4 gap-y-1.5 pt-3 sm:grid-cols-[auto_minmax(0,1fr)]">
      {optionsOf(form.health_method).map((option) => {
        const added = withOption(form.health_options, option);
        return (
          <div key={option.name} className="contents">
            <dt>
              <button
                type="button"
                className="link font-mono disabled:no-underline disabled:opacity-70"
                disabled={added === null}
                title="Add it with an example"
                onClick={() => change({ health_options: added ?? form.health_options })}
              >
                {option.name}
              </button>
            </dt>
            <dd className="text-muted">{option.meaning}</dd>
          </div>
        );
      })}
    </dl>
  );
}

interface TextProps extends FieldsProps {
  name: Exclude<keyof ServiceForm, "health_method" | "service_type">;
  label: string;
  hint?: string;
  mono?: boolean;
  required?: boolean;
}

export function Text({ form, errors, change, name, label, hint, mono = false, required = false }: TextProps) {
  return (
    <Field label={label} hint={hint} error={errorOf(errors, name)}>
      {(control) => (
        <input
          {...control}
          required={required}
          autoComplete="off"
          spellCheck={false}
          className={`field ${mono ? "font-mono" : ""}`}
          value={form[name]}
          onChange={(event) => change({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
}

/** Returns the first error of the field or of a value inside the field. */
export function errorOf(errors: readonly FieldError[], name: string): string | undefined {
  return errors.find(({ path }) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`))
    ?.message;
}
