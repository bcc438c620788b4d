/** Changes a member's role. */
import { useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { Choice } from "../../ui/choice";
import { toasts } from "../../ui/toasts";
import { FormDialog } from "../acting/form-dialog";
import { ROLES } from "./roles";
import { type Member, peopleKeys, type Role } from "./use-people";

interface Props {
  member: Member;
  isMine: boolean;
  open: boolean;
  onClose: () => void;
}

export function RoleDialog({ member, isMine, open, onClose }: Props) {
  const client = useQueryClient();
  const name = member.name ?? member.id;
  const change = async ({ role }: Record<string, string>) => {
    const params = { path: { userId: member.id } };
    await answer(api.PATCH("/api/users/{userId}", { params, body: { role: role as Role } }));
    toasts.done(`${name} is ${role} now.`);
    onClose();
    await client.invalidateQueries({ queryKey: peopleKeys.all });
  };
  return (
    <FormDialog title={`Role of ${name}`} open={open} action="Change role" onClose={onClose} onSubmit={change}>
      <Choice label="Role" name="role" options={ROLES} defaultValue={member.role} />
      {isMine && member.role === "admin" && <p>This is you: with another role you cannot undo this.</p>}
    </FormDialog>
  );
}
