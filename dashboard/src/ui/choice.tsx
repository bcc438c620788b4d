/** A labelled choice of one of a few: the platform's own `<select>`. */
import { type ReactNode, type SelectHTMLAttributes, useId } from "react";
import "./field.css";

interface Props extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  /** Each value with its words. */
  options: readonly (readonly [value: string, words: string])[];
  hint?: ReactNode;
}

export function Choice({ label, options, hint, ...select }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select {...select} id={id} aria-describedby={hint ? `${id}-hint` : undefined}>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      {hint && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
