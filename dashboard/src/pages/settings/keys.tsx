/** `/settings/keys`: keys for others than people: of CI, which requests, and of workers, which report. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { useSession } from "../../live/use-session";
import { Empty } from "../../ui/empty";
import { useTitle } from "../../ui/title";
import { Reading } from "../acting/reading";
import { isAtLeast } from "../acting/use-reason";
import { KeyTable } from "./keys/key-table";
import { NewKey } from "./keys/new-key";

export default function Keys() {
  useTitle("Keys");
  const { user } = useSession();
  return (
    <>
      <h1>Keys</h1>
      <p>For programs: an API key does what its role may, a worker key reports on executions that run elsewhere.</p>
      <p>
        <NewKey />
      </p>
      {isAtLeast(user.role, "admin") ? <All /> : <p>You are {user.role}: admins see and make the keys.</p>}
    </>
  );
}

function All() {
  const keys = useQuery({
    queryKey: ["keys"],
    queryFn: ({ signal }) => answer(api.GET("/api/keys", { signal })),
    refetchInterval: 30_000,
  });
  return (
    <Reading of={keys} rows={3}>
      {({ keys: all }) =>
        all.length === 0 ? (
          <Empty title="No keys yet">
            <p>Make one for your CI; its secret is shown once, with a line to paste.</p>
          </Empty>
        ) : (
          <KeyTable keys={all} />
        )
      }
    </Reading>
  );
}
