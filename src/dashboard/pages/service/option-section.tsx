/** The options of a check in its form: an input for each, or all of them as JSON. */
import { useState } from "react";
import type { FieldError } from "../../api/client.ts";
import { errorAt, optionsErrorOf } from "../../model/field-errors.ts";
import { type Drafts, type OptionsDraft, readOptions, switched } from "../../model/option-draft.ts";
import { type OptionField, optionFields } from "../../model/option-fields.ts";
import { optionsOf, withOption } from "../../model/option-help.ts";
import type { ServiceForm } from "../../model/service-form.ts";
import { Field } from "../../ui/field.tsx";
import { OptionInput } from "./option-inputs.tsx";

interface SectionProps {
  form: ServiceForm;
  errors: readonly FieldError[];
  change(part: Partial<ServiceForm>): void;
}

export function OptionSection({ form, errors, change }: SectionProps) {
  const { health_method, health_options: options } = form;
  const [problem, setProblem] = useState<string | null>(null);
  const { leftOut } = readOptions(options, form);
  const put = (health_options: OptionsDraft) => {
    setProblem(null);
    change({ health_options });
  };
  const turn = () => {
    const made = switched(options, form);
    if (made.ok) put(made.value);
    else setProblem(made.error);
  };
  return (
    <fieldset className="flex flex-col gap-3 border-t border-line pt-3">
      <legend className="sr-only">Options of the check</legend>
      <div className="flex items-center justify-between gap-3">
        <span aria-hidden="true" className="font-medium">
          Options of the check
        </span>
        <label className="flex items-center gap-1.5 text-muted">
          <input type="checkbox" checked={options.as === "json"} onChange={turn} />
          As JSON
        </label>
      </div>
      {problem !== null && (
        <p role="alert" className="text-down">
          It stays as it is: {problem}
        </p>
      )}
      {options.as === "fields" ? (
        <OptionFields
          fields={optionFields(form)}
          drafts={options.drafts}
          errors={errors}
          change={(drafts) => put({ as: "fields", drafts })}
        />
      ) : (
        <OptionsAsJson
          text={options.text}
          form={form}
          error={optionsErrorOf(errors)}
          change={(text) => put({ as: "json", text })}
        />
      )}
      {leftOut.length > 0 && (
        <p role="status" className="text-muted">
          This check by {health_method} has no use for these, so they are left out: {leftOut.join(", ")}
        </p>
      )}
    </fieldset>
  );
}

interface FieldsProps {
  fields: readonly OptionField[];
  drafts: Drafts;
  errors: readonly FieldError[];
  change(drafts: Drafts): void;
}

/** Rare options are below the others, folded away while none of them is used. */
function OptionFields({ fields, drafts, errors, change }: FieldsProps) {
  const errorOfOption = ({ name }: OptionField) => errorAt(errors, `health_options.${name}`);
  const frequent = fields.filter(({ isFrequent }) => isFrequent);
  const rest = fields.filter(({ isFrequent }) => !isFrequent);
  const [wasUsed] = useState(() => rest.some(({ name }) => drafts[name] !== undefined));
  const isWrong = rest.some((field) => errorOfOption(field) !== undefined);
  const whole = errors.find(({ path }) => path === "health_options");
  const inputs = (shown: readonly OptionField[]) => (
    <div className="grid gap-4 sm:grid-cols-2">
      {shown.map((field) => (
        <OptionInput
          key={field.name}
          field={field}
          draft={drafts[field.name] ?? ""}
          error={errorOfOption(field)}
          change={(draft) => change({ ...drafts, [field.name]: draft })}
        />
      ))}
    </div>
  );
  return (
    <>
      {inputs(frequent)}
      {rest.length > 0 && (
        <details key={String(isWrong)} open={wasUsed || isWrong}>
          <summary className="py-1 font-medium">More options</summary>
          <div className="pt-2">{inputs(rest)}</div>
        </details>
      )}
      {whole !== undefined && <p className="text-down">{whole.message}</p>}
    </>
  );
}

interface JsonProps {
  text: string;
  form: ServiceForm;
  error: string | undefined;
  change(text: string): void;
}

function OptionsAsJson({ text, form, error, change }: JsonProps) {
  return (
    <>
      <Field
        label="Options, as JSON"
        hint={'For example {"expected_status": [200], "degraded_above_ms": 500}'}
        error={error}
      >
        {(control) => (
          <textarea
            {...control}
            rows={4}
            spellCheck={false}
            className="field font-mono"
            value={text}
            onChange={(event) => change(event.target.value)}
          />
        )}
      </Field>
      <dl className="grid gap-x-4 gap-y-1.5 sm:grid-cols-[auto_minmax(0,1fr)]">
        {optionsOf(form.health_method).map((option) => {
          const added = withOption(text, option);
          return (
            <div key={option.name} className="contents">
              <dt>
                <button
                  type="button"
                  className="link font-mono disabled:no-underline disabled:opacity-70"
                  disabled={added === null}
                  title="Add it with an example"
                  onClick={() => change(added ?? text)}
                >
                  {option.name}
                </button>
              </dt>
              <dd className="text-muted">{option.meaning}</dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}
