/** The members, those who are here now marked. */
import { useSession } from "../../live/use-session";
import { Table } from "../../ui/table";
import { HereMark } from "./here";
import { MemberMenu } from "./member-menu";
import type { Member, Present } from "./use-people";

const COLUMNS = ["Name", "E-mail", "Role", "Now", "Actions"];

interface Props {
  members: readonly Member[];
  /** Undefined until it is known. */
  present: readonly Present[] | undefined;
}

export function MemberTable({ members, present = [] }: Props) {
  const { user } = useSession();
  const sockets = new Map(present.map((each) => [each.userId, each.sockets]));
  const withAddresses = user.role === "admin";
  const columns = withAddresses ? COLUMNS : COLUMNS.filter((column) => column !== "E-mail");
  return (
    <Table label="Members" columns={columns}>
      {members.map((member) => (
        <tr key={member.id} data-user={member.id}>
          <td className="people-name">
            <bdi>{member.name ?? member.id}</bdi>
            {member.id === user.id && " (you)"}
          </td>
          {withAddresses && (
            <td className="people-name">
              <bdi>{member.email}</bdi>
            </td>
          )}
          <td>{member.role}</td>
          <td>{sockets.has(member.id) && <HereMark sockets={sockets.get(member.id) ?? 1} />}</td>
          <td>
            <MemberMenu member={member} isMine={member.id === user.id} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
