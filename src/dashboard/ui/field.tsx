import { type ReactNode, useId } from "react";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** Says what is wrong with the value. It replaces the hint. */
  error?: string | undefined;
  className?: string;
  children(control: { id: string; "aria-describedby": string; "aria-invalid": boolean }): ReactNode;
}

/** A label, a control, and a hint or an error below the control. */
export function Field({ label, hint, error, className = "", children }: FieldProps) {
  const id = useId();
  return (
    <div className={`flex flex-col gap-1 ${className}`}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": `${id}-about`, "aria-invalid": error !== undefined })}
      <div id={`${id}-about`} className={error === undefined ? "text-muted" : "text-down"}>
        {error ?? hint}
      </div>
    </div>
  );
}
