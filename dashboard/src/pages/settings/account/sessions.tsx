/** One's own sessions of pages: this one marked, any of them to be ended, or all. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { session } from "../../../api/session";
import { Button } from "../../../ui/button";
import { Ask } from "../../../ui/dialog";
import { Table } from "../../../ui/table";
import { At } from "../../../ui/time";
import { Reading } from "../../acting/reading";
import { useAction } from "../../acting/use-action";
import { useReason } from "../../acting/use-reason";
import { agentWords } from "./agent";

type OneSession = components["schemas"]["PageSessionAnswer"];

const KEY = ["sessions"];
const COLUMNS = ["Where", "Since", "Last used", "Good until", "Actions"];

export function Sessions() {
  const sessions = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => answer(api.GET("/api/auth/sessions", { signal })),
    refetchInterval: 30_000,
  });
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">Where you are logged in</h2>
      <Reading of={sessions} rows={2}>
        {({ sessions: all }) => <SessionTable sessions={all} />}
      </Reading>
      <LogOutEverywhere />
    </section>
  );
}

function SessionTable({ sessions }: { sessions: readonly OneSession[] }) {
  const reason = useReason("viewer");
  const end = useAction(
    ({ id }: OneSession) =>
      answer(api.DELETE("/api/auth/sessions/{sessionId}", { params: { path: { sessionId: id } } })),
    { done: () => "The session is ended.", failed: () => "The session could not be ended.", changes: KEY },
  );
  return (
    <Table label="Sessions" columns={COLUMNS}>
      {sessions.map((each) => (
        <tr key={each.id} data-current={each.current}>
          <td title={each.agent}>
            <bdi>{agentWords(each.agent)}</bdi>
            {each.current && <strong> (this one)</strong>}
          </td>
          <td>
            <At time={each.createdAt} />
          </td>
          <td>
            <At time={each.lastUsedAt} />
          </td>
          <td>
            <At time={each.expiresAt} />
          </td>
          <td>
            {!each.current && (
              <Button
                reason={reason}
                aria-label={`End the session of ${agentWords(each.agent)}`}
                onClick={() => end.mutate(each)}
              >
                End
              </Button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function LogOutEverywhere() {
  const [open, setOpen] = useState(false);
  const leave = useAction(leaveEverywhere, {
    done: () => "You are logged out everywhere.",
    failed: () => "You could not be logged out everywhere.",
    changes: KEY,
  });
  const close = () => setOpen(false);
  const act = () => leave.mutate(undefined, { onError: close });
  return (
    <>
      <Button kind="danger" reason={useReason("viewer")} onClick={() => setOpen(true)}>
        Log out everywhere
      </Button>
      <Ask
        title="Log out everywhere?"
        open={open}
        onClose={close}
        action="Log out everywhere"
        busy={leave.isPending}
        onDo={act}
      >
        <p>Every page and token of yours ends now, this page too. API keys stay.</p>
      </Ask>
    </>
  );
}

async function leaveEverywhere(): Promise<void> {
  await answer(api.DELETE("/api/auth/sessions"));
  await session.logOut();
}
