/** What is seldom needed: how long, how often, where and with how much it runs. Open where something in it is wrong. */
import { Field } from "../../ui/field";
import type { Draft } from "./draft";
import type { FieldsProps } from "./request-form";

type Typed = Exclude<keyof Draft, "variables" | "retryOnLoss" | "tests" | "image" | "command">;

const FIELDS: readonly { name: Typed; label: string; hint?: string; placeholder?: string; numeric?: boolean }[] = [
  { name: "timeout", label: "Timeout", hint: "Of each attempt: 90s, 10m, 1h30m", placeholder: "the organization's" },
  { name: "retries", label: "Retries", hint: "0 to 10, after a failure or timeout", placeholder: "0", numeric: true },
  { name: "pool", label: "Pool", hint: "Only runners that serve it", placeholder: "default" },
  { name: "priority", label: "Priority", hint: "-10 to 10, the highest first", placeholder: "0" },
  { name: "memory", label: "Memory, MB", placeholder: "the runner's", numeric: true },
  { name: "cpus", label: "CPUs", placeholder: "the runner's", numeric: true },
  { name: "baseUrl", label: "Base URL", hint: "In BASE_URL" },
  { name: "folder", label: "Folder", hint: "In FOLDER", placeholder: "all" },
];

export function MoreFields({ draft, faults, onChange }: FieldsProps) {
  const wrong = [...FIELDS.map(({ name }) => name), "tests", "retryOnLoss"].some((name) => name in faults);
  return (
    <details className="request-more" open={wrong || undefined}>
      <summary>Timeout, retries, pool, priority, resources …</summary>
      <div className="request-grid">
        {FIELDS.map(({ name, numeric, ...shown }) => (
          <Field
            key={name}
            {...shown}
            inputMode={numeric ? "decimal" : undefined}
            maxLength={2048}
            spellCheck={false}
            autoCapitalize="none"
            value={draft[name]}
            error={faults[name]}
            onChange={(event) => onChange({ [name]: event.target.value })}
          />
        ))}
      </div>
      <Tests value={draft.tests} error={faults.tests} onChange={(tests) => onChange({ tests })} />
      <label>
        <input
          type="checkbox"
          checked={draft.retryOnLoss}
          onChange={(event) => onChange({ retryOnLoss: event.target.checked })}
        />{" "}
        Run it again if its runner is lost
      </label>
    </details>
  );
}

function Tests({
  value,
  error,
  onChange,
}: {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  return (
    <label className="field request-tests">
      Tests, one a line
      <textarea
        rows={2}
        spellCheck={false}
        value={value}
        aria-invalid={error ? true : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className={error ? "field-error" : "field-hint"}>{error ?? "In TESTS"}</span>
    </label>
  );
}
