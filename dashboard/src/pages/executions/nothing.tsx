/** The list where there is nothing in it: how to start the first one, or that the filters leave nothing. */
import { Link } from "@tanstack/react-router";
import { Button } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { emptyDraft } from "../new/draft";
import { commandLine, curl } from "../new/shown";

const EXAMPLE = { ...emptyDraft, image: "alpine:3", command: "echo hello" };

export function NothingYet({ reason }: { reason: string | undefined }) {
  return (
    <Empty title="Nothing has run yet">
      <p>Start the first one here or from a terminal; it appears at once.</p>
      {reason ? (
        <p>{reason}.</p>
      ) : (
        <Link
          className="button"
          data-kind="primary"
          to="/executions/new"
          search={{ image: "alpine:3", command: "echo hello" }}
        >
          New execution
        </Link>
      )}
      <pre>{commandLine(EXAMPLE)}</pre>
      <pre>{curl(EXAMPLE, location.origin)}</pre>
    </Empty>
  );
}

interface Props {
  onClear: () => void;
  /** Looks further back; absent where all of it was looked at. */
  onOlder: (() => void) | undefined;
  busy: boolean;
}

export function NothingMatches({ onClear, onOlder, busy }: Props) {
  return (
    <Empty title={onOlder ? "Nothing matches so far" : "Nothing matches"}>
      {onOlder && (
        <Button kind="primary" busy={busy} onClick={onOlder}>
          Look further back
        </Button>
      )}
      <Button onClick={onClear}>Clear the filters</Button>
    </Empty>
  );
}
