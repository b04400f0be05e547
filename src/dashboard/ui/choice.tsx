interface ChoiceProps {
  label: string;
  /** The text of the option that does not filter. Without it, there is no such option. */
  all?: string;
  value: string;
  options: readonly (readonly [value: string, word: string])[];
  choose(value: string): void;
}

/** A value from a link may be missing in `options`, so it is added as an option. */
export function Choice({ label, all, value, options, choose }: ChoiceProps) {
  const known = value === "" || options.some(([each]) => each === value);
  return (
    <select
      aria-label={label}
      className="field w-auto max-w-44"
      value={value}
      onChange={(event) => choose(event.target.value)}
    >
      {all !== undefined && <option value="">{all}</option>}
      {!known && <option value={value}>{value}</option>}
      {options.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </select>
  );
}
