/** One input for each option of a check. */
import { JSON_OPERATORS } from "../../../core/methods/json-answer.ts";
import type { OptionField } from "../../model/option-fields.ts";
import type { ConditionDraft, Draft } from "../../model/option-shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";

interface OptionInputProps {
  field: OptionField;
  draft: Draft;
  error: string | undefined;
  change(draft: Draft): void;
}

type Control = { id: string; "aria-describedby": string; "aria-invalid": boolean };
type ControlProps = Omit<OptionInputProps, "error"> & { control: Control };

export function OptionInput({ error, ...props }: OptionInputProps) {
  const { kind, label, hint } = props.field;
  const isWide = kind === "conditions" || isLong(kind);
  return (
    <Field label={label} hint={hint} error={error} className={isWide ? "sm:col-span-2" : ""}>
      {(control) => <OptionControl {...props} control={control} />}
    </Field>
  );
}

function isLong(kind: OptionField["kind"]): boolean {
  return kind === "headers" || kind === "lines" || kind === "paragraph" || kind === "json";
}

function OptionControl(props: ControlProps) {
  const { field, draft, change, control } = props;
  const { kind } = field;
  if (kind === "conditions") return <Conditions {...props} />;
  if (kind === "flag") return <Select {...props} values={FLAG} />;
  if (kind === "choice") return <Select {...props} values={field.choices.map((each) => [each, each])} />;
  const shared = {
    ...control,
    autoComplete: "off",
    spellCheck: false,
    value: typeof draft === "string" ? draft : "",
    className: `field ${kind === "number" ? "" : "font-mono"}`,
  };
  if (isLong(kind)) return <textarea {...shared} rows={2} onChange={(event) => change(event.target.value)} />;
  return (
    <input
      {...shared}
      inputMode={kind === "number" ? "decimal" : undefined}
      onChange={(event) => change(event.target.value)}
    />
  );
}

const FLAG = [
  ["true", "yes"],
  ["false", "no"],
] as const;

/** `values`: each with its word. */
function Select({
  draft,
  change,
  control,
  values,
}: ControlProps & { values: readonly (readonly [value: string, word: string])[] }) {
  return (
    <select
      {...control}
      className="field"
      value={typeof draft === "string" ? draft : ""}
      onChange={(event) => change(event.target.value)}
    >
      <option value="">default</option>
      {values.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </select>
  );
}

const EMPTY: ConditionDraft = { path: "", op: "==", value: "" };

/** Always has a row to write in. The label of the field belongs to the first path. */
function Conditions({ draft, change, control }: ControlProps) {
  const rows = typeof draft === "string" || draft.length === 0 ? [EMPTY] : draft;
  const put = (index: number, part: Partial<ConditionDraft>) =>
    change(rows.map((row, each) => (each === index ? { ...row, ...part } : row)));
  return (
    <div className="flex flex-col gap-2">
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity but their place
        <div key={index} className="grid grid-cols-[minmax(0,2fr)_auto_minmax(0,1fr)_auto] gap-2">
          <input
            {...(index === 0 ? control : { "aria-label": `Path of condition ${index + 1}` })}
            className="field font-mono"
            placeholder="$.status"
            spellCheck={false}
            autoComplete="off"
            value={row.path}
            onChange={(event) => put(index, { path: event.target.value })}
          />
          <select
            aria-label={`Comparison of condition ${index + 1}`}
            className="field w-auto"
            value={row.op}
            onChange={(event) => put(index, { op: event.target.value })}
          >
            {JSON_OPERATORS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
          <input
            aria-label={`Value of condition ${index + 1}`}
            className="field font-mono"
            placeholder="ok"
            spellCheck={false}
            autoComplete="off"
            value={row.value}
            onChange={(event) => put(index, { value: event.target.value })}
          />
          <Button
            look="quiet"
            aria-label={`Remove condition ${index + 1}`}
            onClick={() => change(rows.filter((_, each) => each !== index))}
          >
            <span aria-hidden="true">✕</span>
          </Button>
        </div>
      ))}
      <div>
        <Button look="quiet" onClick={() => change([...rows, EMPTY])}>
          Add a condition
        </Button>
      </div>
    </div>
  );
}
