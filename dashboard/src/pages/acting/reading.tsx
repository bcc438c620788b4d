/** What stands around something that is read: rows before it is there, a card where it failed, since when it is old. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { serverClock } from "../../api/clock";
import { ApiError } from "../../api/problem";
import { useLink } from "../../live/use-link";
import { clockTime } from "../../ui/duration";
import { ProblemCard } from "../../ui/problem-card";
import { Skeleton } from "../../ui/skeleton";
import { useNow } from "../../ui/time";
import "./reading.css";

interface Props<Data> {
  of: UseQueryResult<Data>;
  rows?: number;
  children: (data: Data) => ReactNode;
}

/** What was read before stays, greyed beside an error, and with its time while the link is away. */
export function Reading<Data>({ of, rows = 8, children }: Props<Data>) {
  return (
    <>
      {of.error && <ErrorCard error={of.error} onAgain={() => void of.refetch()} />}
      {of.isPending && !of.error && <Skeleton rows={rows} />}
      {of.data !== undefined && (
        <div className="reading" data-old={of.error ? true : undefined}>
          <AsOf at={of.dataUpdatedAt} />
          {children(of.data)}
        </div>
      )}
    </>
  );
}

/** An error of a call, as a card. */
export function ErrorCard({ error, onAgain }: { error: Error; onAgain?: () => void }) {
  const details = error instanceof ApiError ? { code: error.code, requestId: error.requestId } : {};
  return <ProblemCard message={error.message} {...details} onAgain={onAgain} />;
}

function AsOf({ at }: { at: number }) {
  const { name } = useLink();
  const now = useNow(false);
  if (name !== "offline") return null;
  return <p className="reading-as-of">As of {clockTime(at + serverClock.offset, now)}; you are offline.</p>;
}
