/** The attempts as tabs with their state and how long they took; and the way to compare two. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { duration } from "../../ui/duration";
import { statusWords } from "../../ui/status";
import { Tabs } from "../../ui/tabs";
import { useNow } from "../../ui/time";
import type { Attempt } from "./attempts";

const route = getRouteApi("/frame/executions/$taskId");

type Props = { attempts: readonly Attempt[]; attempt: Attempt; taskId: string };

export function AttemptTabs({ attempts, attempt, taskId }: Props) {
  const show = useAttempt(attempts);
  const now = useNow(attempts.some((each) => each.startedAt && !each.endedAt && !each.isOver));
  const tabs = attempts.map((each) => tabOf(each, now));
  return (
    <>
      <Tabs
        className="execution-attempts"
        label="Attempts"
        tabs={tabs}
        chosen={idOf(attempt.number)}
        panel="view"
        onChoose={(id) => show(Number(id.slice(8)))}
      />
      <Link to="/executions/$taskId/compare" params={{ taskId }} search={{ attempts: pair(attempts, attempt) }}>
        Compare
      </Link>
    </>
  );
}

/** Returns what leads to an attempt; the newest stands in no URL, so that what follows it goes on to the next one. */
export function useAttempt(attempts: readonly Attempt[]): (number: number) => void {
  const navigate = route.useNavigate();
  const newest = attempts.at(-1)?.number;
  return (number) =>
    void navigate({
      search: (search) => ({ ...search, attempt: number === newest ? undefined : String(number) }) as typeof search,
      replace: true,
      resetScroll: false,
    });
}

function tabOf(attempt: Attempt, now: number) {
  const { glyph, word } = attempt.status ? statusWords(attempt.status) : { glyph: "↩", word: "Handed back" };
  const took = tookOf(attempt, now);
  const name = `Attempt ${attempt.number}: ${word}${took && `, ${took}`}`;
  return { id: idOf(attempt.number), label: `${attempt.number} ${glyph} ${took}`.trim(), name, title: name };
}

function tookOf({ startedAt, endedAt, isOver }: Attempt, now: number): string {
  if (!startedAt || (isOver && !endedAt)) return "";
  return duration((endedAt ? Date.parse(endedAt) : now) - Date.parse(startedAt));
}

function idOf(number: number): string {
  return `attempt-${number}`;
}

/** The one that is looked at, and the one before it, or after the first. */
function pair(attempts: readonly Attempt[], attempt: Attempt): string {
  const at = Math.max(1, attempts.indexOf(attempt));
  return `${attempts[at - 1]?.number},${attempts[at]?.number}`;
}
