/** Changes the organization's name and limits. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { session } from "../../../api/session";
import { useSession } from "../../../live/use-session";
import { Field } from "../../../ui/field";
import { toasts } from "../../../ui/toasts";
import { isAtLeast } from "../../acting/use-reason";
import { EntryForm } from "../../entry/entry-form";
import { changesOf, type Settings } from "./changes";
import { LimitFields } from "./limit-fields";

interface Props {
  settings: Settings;
  limits: components["schemas"]["Limits"];
  /** Whether this installation keeps the accounts. */
  isHere: boolean;
}

export function OrganizationForm({ settings, limits, isHere }: Props) {
  const client = useQueryClient();
  const { user } = useSession();
  const mayChange = isAtLeast(user.role, "admin");
  const [shown, show] = useState(settings);
  const save = async (fields: Record<string, string>) => {
    const body = changesOf(fields, shown);
    if (Object.keys(body).length === 0) return toasts.done("Nothing was changed.");
    const changed = await answer(api.PATCH("/api/organization", { body }));
    client.setQueryData(["organization"], changed);
    show(changed.organization);
    toasts.done("Saved.");
    if (isHere && body.name !== undefined) await session.refresh().catch(() => undefined);
  };
  const fields = (
    <>
      <Field label="Name" name="name" defaultValue={shown.name} required maxLength={200} readOnly={!mayChange} />
      <LimitFields settings={shown} limits={limits} readOnly={!mayChange} />
    </>
  );
  if (!mayChange) {
    return (
      <div className="entry-form">
        <p>You are {user.role}: ask an admin for the role admin to change this.</p>
        {fields}
      </div>
    );
  }
  return (
    <EntryForm action="Save" onSubmit={save}>
      {fields}
    </EntryForm>
  );
}
