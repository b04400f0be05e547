import { HEALTH_METHODS, methodOf } from "../../../core/methods/index.ts";
import { SERVICE_TYPES } from "../../../core/service/records.ts";
import { errorOf } from "../../model/field-errors.ts";
import { asMethod, asType, isAskedFor } from "../../model/service-form.ts";
import { Field } from "../../ui/field.tsx";
import { AgentField, DependsOnField } from "./known-fields.tsx";
import { OptionSection } from "./option-section.tsx";
import { type FieldsProps, Text } from "./text-field.tsx";

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
      {runner !== "service" && <AgentField {...props} isNeeded={runner === "agent"} />}
      <Times {...props} />
      <OptionSection {...props} />
      <div className="grid gap-4 border-t border-line pt-3 sm:grid-cols-2">
        <DependsOnField {...props} />
        <Text {...props} name="tags" label="Tags" hint="To filter lists; with commas" />
        <Field label="Type" hint="Of the service, as lists show it" error={errorOf(errors, "service_type")}>
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
    </>
  );
}

/** A service that calls in by itself has no checks that time out or are repeated. */
function Times(props: FieldsProps) {
  const isAsked = isAskedFor(props.form.health_method);
  return (
    <div className="grid grid-cols-2 gap-4 sm:grid-cols-4">
      <Text
        {...props}
        name="health_interval"
        label={isAsked ? "Check every (s)" : "Calls in every (s)"}
        hint={isAsked ? "5 or more" : "5 or more; the grace comes on top"}
      />
      {isAsked && <Text {...props} name="health_timeout" label="Timeout (s)" hint="less than the interval" />}
      {isAsked && (
        <Text {...props} name="health_retries" label="Forgiven failures" hint="in a row, before it is down" />
      )}
      <Text {...props} name="recover_after" label="Passes to recover" hint="in a row, before it is up" />
    </div>
  );
}
