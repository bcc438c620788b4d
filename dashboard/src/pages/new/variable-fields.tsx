/** The variables of the environment. A secret's value is encrypted in the store, masked in output, and never shown. */
import { useEffect, useId, useRef } from "react";
import { Button } from "../../ui/button";
import type { Variable } from "./draft";
import type { FieldsProps } from "./request-form";

const MOST = 1000;

export function VariableFields({ draft: { variables }, faults, onChange }: FieldsProps) {
  const id = useId();
  const last = useRef(variables.length);
  const change = (key: number, changes: Partial<Variable>) =>
    onChange({ variables: variables.map((each) => (each.key === key ? { ...each, ...changes } : each)) });
  const add = (secret: boolean) => {
    last.current += 1;
    onChange({ variables: [...variables, { key: last.current, name: "", value: "", secret }] });
  };
  const full = variables.length >= MOST ? `There are ${MOST} already` : undefined;
  return (
    <fieldset className="request-variables" aria-describedby={faults.variables && `${id}-error`}>
      <legend>Environment</legend>
      {variables.map((variable) => (
        <VariableRow
          key={variable.key}
          variable={variable}
          onChange={(changes) => change(variable.key, changes)}
          onRemove={() => onChange({ variables: variables.filter(({ key }) => key !== variable.key) })}
        />
      ))}
      {faults.variables && (
        <p id={`${id}-error`} className="field-error">
          {faults.variables}
        </p>
      )}
      <p className="request-add">
        <Button reason={full} onClick={() => add(false)}>
          Add a variable
        </Button>
        <Button reason={full} onClick={() => add(true)}>
          Add a secret
        </Button>
      </p>
    </fieldset>
  );
}

interface RowProps {
  variable: Variable;
  onChange: (changes: Partial<Variable>) => void;
  onRemove: () => void;
}

function VariableRow({ variable: { name, value, secret }, onChange, onRemove }: RowProps) {
  const called = name || "the new one";
  const begin = useRef<HTMLInputElement>(null);
  useEffect(() => begin.current?.focus(), []);
  return (
    <div className="request-variable">
      <input
        ref={begin}
        aria-label={secret ? "Name of the secret" : "Name of the variable"}
        placeholder="NAME"
        maxLength={256}
        spellCheck={false}
        autoCapitalize="none"
        value={name}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      <input
        aria-label={`Value of ${called}`}
        placeholder={secret ? "secret value" : "value"}
        type={secret ? "password" : "text"}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange({ value: event.target.value })}
      />
      <Button kind="quiet" aria-label={`Remove ${called}`} onClick={onRemove}>
        ×
      </Button>
    </div>
  );
}
