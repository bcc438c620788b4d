/** How well the list is known: since when it is not level any more, and why it could not be read. */
import { ApiError } from "../../api/problem";
import { useLink } from "../../live/use-link";
import { clockTime } from "../../ui/duration";
import { ProblemCard } from "../../ui/problem-card";
import { useNow } from "../../ui/time";

/** Says as of when the rows are, while the link is away. */
export function AsOf() {
  const { name, lost, since } = useLink();
  const now = useNow(false);
  if (name !== "offline") return null;
  return (
    <p className="filters-ignored" role="status">
      As of {clockTime(lost?.at ?? since, now)}: you are offline, and nothing can be changed until the link is back.
    </p>
  );
}

export function ListProblem({ error, onAgain }: { error: Error; onAgain: () => void }) {
  const details = error instanceof ApiError ? { code: error.code, requestId: error.requestId } : {};
  return <ProblemCard message={error.message} {...details} onAgain={onAgain} />;
}
