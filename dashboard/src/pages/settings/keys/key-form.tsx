/** What a new key is for, and what it may do. */
import { useState } from "react";
import { Choice } from "../../../ui/choice";
import { Field } from "../../../ui/field";
import { EntryForm } from "../../entry/entry-form";
import { ROLES } from "../../people/roles";

const KINDS = [
  ["api-key", "API key: does what its role may"],
  ["worker-key", "worker key: reports what executions elsewhere do"],
] as const;
const MOST_DAYS = 3650;

export function KeyForm({ onSubmit }: { onSubmit: (fields: Record<string, string>) => Promise<void> }) {
  const [kind, setKind] = useState("api-key");
  return (
    <EntryForm action="Make the key" onSubmit={onSubmit}>
      <Field
        label="Name"
        name="name"
        autoComplete="off"
        required
        maxLength={200}
        hint="What uses it: CI of the shop."
      />
      <Choice
        label="Kind"
        name="kind"
        options={KINDS}
        value={kind}
        onChange={(event) => setKind(event.currentTarget.value)}
      />
      {kind === "api-key" && (
        <>
          <Choice label="Role" name="role" options={ROLES} defaultValue="developer" />
          <Field label="Pools" name="pools" autoComplete="off" hint="Names with commas between; empty: all." />
          <Field
            label="Images"
            name="images"
            autoComplete="off"
            hint="Names with commas between, such as acme/*, python:3*; empty: all."
          />
        </>
      )}
      <Field
        label="Days that it is good"
        name="expiresInDays"
        type="number"
        min={1}
        max={MOST_DAYS}
        hint="Empty: until it is revoked."
      />
    </EntryForm>
  );
}
