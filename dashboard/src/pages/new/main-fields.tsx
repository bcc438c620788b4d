/** What runs: the image, and the command in it. */
import { useId } from "react";
import { CODED } from "../../log/characters";
import { Field } from "../../ui/field";
import { visible } from "../executions/list/told";
import type { FieldsProps } from "./request-form";

export function MainFields({ draft, faults, onChange }: FieldsProps) {
  return (
    <>
      <Field
        label="Image"
        required
        data-focused
        placeholder="alpine:3"
        maxLength={512}
        spellCheck={false}
        autoCapitalize="none"
        value={draft.image}
        error={faults.image}
        onChange={(event) => onChange({ image: event.target.value })}
      />
      <Command value={draft.command} error={faults.command} onChange={(command) => onChange({ command })} />
    </>
  );
}

interface CommandProps {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function Command({ value, error, onChange }: CommandProps) {
  const id = useId();
  const hidden = CODED.test(value.replaceAll("\n", ""));
  return (
    <div className="field">
      <label htmlFor={id}>Command</label>
      <textarea
        id={id}
        className="request-command"
        rows={2}
        spellCheck={false}
        autoCapitalize="none"
        value={value}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-about`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-about`} className={error ? "field-error" : "field-hint"}>
        {error ??
          (hidden
            ? `Not all of it can be seen: ${visible(value)}`
            : "For /bin/sh -c; without one the image's own runs")}
      </p>
    </div>
  );
}
