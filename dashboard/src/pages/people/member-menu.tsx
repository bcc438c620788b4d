/** What an admin may do to a member, behind ⋯; others see why they may not. */
import { useState } from "react";
import { answer, api } from "../../api/client";
import { Ask } from "../../ui/dialog";
import { MenuItem, MenuItems, Popover } from "../../ui/menu";
import { useAction } from "../acting/use-action";
import { useReason } from "../acting/use-reason";
import { ResetPassword } from "./reset-password";
import { RoleDialog } from "./role-dialog";
import { type Member, peopleKeys } from "./use-people";

type Shown = "role" | "reset" | "log out" | "remove" | undefined;

export function MemberMenu({ member, isMine }: { member: Member; isMine: boolean }) {
  const reason = useReason("admin");
  const [shown, show] = useState<Shown>();
  const close = () => show(undefined);
  const name = member.name ?? member.id;
  const own = isMine ? "This is you: another admin can" : undefined;
  const account = isMine ? "This is you: see Settings, Account" : undefined;
  return (
    <>
      <Popover button="⋯" label={`Actions for ${name}`}>
        <MenuItems>
          {reason && <p className="field-hint">{reason}.</p>}
          <MenuItem reason={reason} onClick={() => show("role")}>
            Change role…
          </MenuItem>
          <MenuItem reason={reason ?? account} onClick={() => show("reset")}>
            Password reset link…
          </MenuItem>
          <MenuItem reason={reason ?? account} onClick={() => show("log out")}>
            Log out everywhere…
          </MenuItem>
          <MenuItem reason={reason ?? own} onClick={() => show("remove")}>
            Remove…
          </MenuItem>
        </MenuItems>
      </Popover>
      <RoleDialog member={member} isMine={isMine} open={shown === "role"} onClose={close} />
      <ResetPassword member={member} open={shown === "reset"} onClose={close} />
      <LogOut member={member} open={shown === "log out"} onClose={close} />
      <Remove member={member} open={shown === "remove"} onClose={close} />
    </>
  );
}

interface AskProps {
  member: Member;
  open: boolean;
  onClose: () => void;
}

function LogOut({ member, open, onClose }: AskProps) {
  const name = member.name ?? member.id;
  const path = { params: { path: { userId: member.id } } };
  const action = useAction(() => answer(api.DELETE("/api/users/{userId}/sessions", path)), {
    done: () => `${name} is logged out everywhere.`,
    failed: () => `${name} could not be logged out.`,
    changes: peopleKeys.all,
  });
  const act = () => action.mutate(undefined, { onSettled: onClose });
  return (
    <Ask
      title={`Log ${name} out everywhere?`}
      {...{ open, onClose }}
      action="Log out"
      busy={action.isPending}
      onDo={act}
    >
      <p>Every page and token of theirs ends now. With their password they can log in again; API keys stay.</p>
    </Ask>
  );
}

function Remove({ member, open, onClose }: AskProps) {
  const name = member.name ?? member.id;
  const path = { params: { path: { userId: member.id } } };
  const action = useAction(() => answer(api.DELETE("/api/users/{userId}", path)), {
    done: () => `${name} is removed.`,
    failed: () => `${name} could not be removed.`,
    changes: peopleKeys.all,
  });
  const act = () => action.mutate(undefined, { onSettled: onClose });
  return (
    <Ask title={`Remove ${name}?`} {...{ open, onClose }} action="Remove" busy={action.isPending} onDo={act}>
      <p>
        <bdi>{member.email ?? name}</bdi> loses the account and is logged out everywhere, and invitations that they made
        end. What they ran stays, and so do the keys that they made.
      </p>
    </Ask>
  );
}
