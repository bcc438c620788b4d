/** The invitations that are still good: whose role, for whom, until when; each can be revoked. */
import { answer, api } from "../../api/client";
import { Button } from "../../ui/button";
import { Table } from "../../ui/table";
import { At } from "../../ui/time";
import { Reading } from "../acting/reading";
import { useAction } from "../acting/use-action";
import { useReason } from "../acting/use-reason";
import { type Invitation, peopleKeys, useInvitations } from "./use-people";

const COLUMNS = ["For", "Role", "Made", "Good until", "Actions"];

export function InvitationList() {
  const invitations = useInvitations();
  return (
    <section aria-labelledby="people-invitations">
      <h2 id="people-invitations">Invitations</h2>
      <Reading of={invitations} rows={1}>
        {({ invitations: all }) => (all.length === 0 ? <p>None is open.</p> : <Open invitations={all} />)}
      </Reading>
    </section>
  );
}

function Open({ invitations }: { invitations: readonly Invitation[] }) {
  const reason = useReason("admin");
  const revoke = useAction(
    ({ id }: Invitation) =>
      answer(api.DELETE("/api/invitations/{invitationId}", { params: { path: { invitationId: id } } })),
    {
      done: () => "The invitation is revoked: its link leads nowhere any more.",
      failed: () => "The invitation could not be revoked.",
      changes: peopleKeys.invitations,
    },
  );
  return (
    <Table label="Invitations" columns={COLUMNS}>
      {invitations.map((invitation) => (
        <tr key={invitation.id}>
          <td className="people-name">
            <bdi>{invitation.name ?? "anybody with the link"}</bdi>
          </td>
          <td>{invitation.role}</td>
          <td>
            <At time={invitation.createdAt} />
          </td>
          <td>
            <At time={invitation.expiresAt} />
          </td>
          <td>
            <Button
              kind="danger"
              reason={reason}
              aria-label={`Revoke the invitation for ${invitation.name ?? invitation.role}`}
              onClick={() => revoke.mutate(invitation)}
            >
              Revoke
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}
