/** `/people`: who belongs to the organization, who is here now, and how others come in. */
import { useSession } from "../live/use-session";
import { Skeleton } from "../ui/skeleton";
import { useTitle } from "../ui/title";
import { ErrorCard, Reading } from "./acting/reading";
import { isAtLeast } from "./acting/use-reason";
import { useConfig } from "./entry/config";
import { AddPerson } from "./people/add";
import { Here } from "./people/here";
import { InvitationList } from "./people/invitation-list";
import { Invite } from "./people/invite";
import { MemberTable } from "./people/member-table";
import { useMembers, usePresence } from "./people/use-people";
import "./people/people.css";

export default function People() {
  const config = useConfig();
  useTitle("People");
  return (
    <>
      <h1>People</h1>
      {config.isPending && <Skeleton rows={3} />}
      {config.error && <ErrorCard error={config.error} onAgain={() => void config.refetch()} />}
      {config.data?.accounts === "here" && <Members most={config.data.limits.maxUsers} />}
      {config.data?.accounts === "provider" && <Elsewhere />}
    </>
  );
}

function Members({ most }: { most: number }) {
  const members = useMembers();
  const presence = usePresence();
  const { user } = useSession();
  return (
    <>
      <div className="people-bar">
        <Invite />
        <AddPerson />
        {members.data && (
          <p className="field-hint">
            {members.data.users.length} of {most} people
          </p>
        )}
      </div>
      <Reading of={members}>{({ users }) => <MemberTable members={users} present={presence.data?.users} />}</Reading>
      <Here presence={presence} known={members.data?.users} />
      {isAtLeast(user.role, "admin") && <InvitationList />}
    </>
  );
}

/** An identity provider keeps the accounts: here one sees who is connected. */
function Elsewhere() {
  const presence = usePresence();
  return (
    <>
      <p>An identity provider keeps this installation's accounts: people are added and removed there.</p>
      <Here presence={presence} known={undefined} />
    </>
  );
}
