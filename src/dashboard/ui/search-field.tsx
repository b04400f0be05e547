import { Icon } from "./icons.tsx";

interface SearchFieldProps {
  label: string;
  placeholder: string;
  value: string;
  change(value: string): void;
}

/** The key `/` leads to it. */
export function SearchField({ label, placeholder, value, change }: SearchFieldProps) {
  return (
    <div className="relative min-w-48 flex-1">
      <span className="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-muted">
        <Icon name="search" className="size-4" />
      </span>
      <input
        type="search"
        data-search=""
        aria-label={label}
        placeholder={placeholder}
        className="field pl-8"
        value={value}
        onChange={(event) => change(event.target.value)}
      />
    </div>
  );
}
