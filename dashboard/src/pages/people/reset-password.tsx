/** Makes the link with which a member sets a new password. */
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { components } from "../../api/schema";
import { Dialog } from "../../ui/dialog";
import { EntryForm } from "../entry/entry-form";
import { OneTimeLink } from "./one-time-link";
import type { Member } from "./use-people";

interface Props {
  member: Member;
  open: boolean;
  onClose: () => void;
}

export function ResetPassword({ member, open, onClose }: Props) {
  const [link, setLink] = useState<components["schemas"]["ResetLink"]>();
  const name = member.name ?? member.id;
  const make = async () => {
    const params = { path: { userId: member.id } };
    setLink(await answer(api.POST("/api/users/{userId}/password-reset", { params })));
  };
  const close = () => {
    setLink(undefined);
    onClose();
  };
  return (
    <Dialog title={`Password reset link for ${name}`} open={open} onClose={close}>
      {link ? (
        <OneTimeLink label="Link" path={link.path} expiresAt={link.expiresAt} />
      ) : (
        <EntryForm action="Make the link" onSubmit={make}>
          <p>With it they set a new password; until then the old one stays good.</p>
        </EntryForm>
      )}
    </Dialog>
  );
}
