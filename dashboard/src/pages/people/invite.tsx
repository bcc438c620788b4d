/** Invites somebody by a link, which is copied and handed over: no address is needed, and no mail is sent. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { components } from "../../api/schema";
import { Button } from "../../ui/button";
import { Choice } from "../../ui/choice";
import { Dialog } from "../../ui/dialog";
import { Field } from "../../ui/field";
import { useReason } from "../acting/use-reason";
import { EntryForm } from "../entry/entry-form";
import { OneTimeLink } from "./one-time-link";
import { ROLES } from "./roles";
import { peopleKeys, type Role } from "./use-people";

export function Invite() {
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [link, setLink] = useState<components["schemas"]["InvitationLink"]>();
  const make = async ({ role, name }: Record<string, string>) => {
    const body = { role: role as Role, ...(name?.trim() ? { name: name.trim() } : {}) };
    setLink(await answer(api.POST("/api/invitations", { body })));
    await client.invalidateQueries({ queryKey: peopleKeys.invitations });
  };
  const close = () => {
    setOpen(false);
    setLink(undefined);
  };
  return (
    <>
      <Button kind="primary" reason={useReason("admin")} onClick={() => setOpen(true)}>
        Invite
      </Button>
      <Dialog title="Invite somebody" open={open} onClose={close}>
        {link ? (
          <OneTimeLink label={`Link for a new ${link.role}`} path={link.path} expiresAt={link.expiresAt} />
        ) : (
          <EntryForm action="Make the link" onSubmit={make}>
            <Choice label="Role" name="role" options={ROLES} defaultValue="developer" />
            <Field label="For whom" name="name" maxLength={200} hint="A note for the admins; it may stay empty." />
          </EntryForm>
        )}
      </Dialog>
    </>
  );
}
