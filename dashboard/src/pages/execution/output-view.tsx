/** The output of one attempt: its text, or why there is none yet. */
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useLink } from "../../live/use-link";
import { LogView } from "../../log/log-view";
import type { Range } from "../../log/surface";
import { keys } from "../../ui/keys";
import { Skeleton } from "../../ui/skeleton";
import { useTheme } from "../../ui/theme";
import type { AttemptOutput } from "./attempt-output";
import { type Attempt, type Detail, isFailure } from "./attempts";
import { Foot } from "./foot";
import { waitingWords } from "./output-words";
import type { Outputs } from "./outputs";
import { hashOf, rangeOf } from "./range";
import { useLogOptions } from "./use-log-options";
import { useFacts, useOutput } from "./use-output";

type Props = { detail: Detail; attempt: Attempt; outputs: Outputs; onDownload: () => void };

export function OutputView(props: Props) {
  const [range] = useRange();
  const held = useOutput(props.outputs, props.attempt, range?.from ?? null);
  return held ? <Held {...props} held={held} /> : <Skeleton />;
}

function Held({ detail, attempt, held, onDownload }: Props & { held: AttemptOutput }) {
  const facts = useFacts(held);
  const [range, onRange] = useRange();
  const options = useLogOptions();
  const theme = useTheme();
  const isOffline = useLink().name === "offline";
  if (facts.isEmpty) return <NoLines detail={detail} attempt={attempt} held={held} />;
  return (
    <LogView
      chunks={held.chunks}
      name={`Output of attempt ${attempt.number}`}
      theme={theme}
      {...options}
      range={range}
      onRange={onRange}
      failed={isFailure(attempt.status)}
      start={attempt.startedAt ? Date.parse(attempt.startedAt) : null}
      state={(lines) => <Foot held={held} facts={facts} lines={lines} isOffline={isOffline} />}
      onDownload={onDownload}
      elsewhere={held.searchElsewhere}
      bind={bind}
    />
  );
}

function NoLines({ detail, attempt, held }: Pick<Props, "detail" | "attempt"> & { held: AttemptOutput }) {
  const { phase, error } = useFacts(held);
  if (error) {
    return (
      <div className="execution-waiting" role="status">
        <p>The output could not be read: {error}. It is tried again by itself.</p>
      </div>
    );
  }
  if (phase === "opening") return <Skeleton />;
  return (
    <div className="execution-waiting" role="status">
      <p>{waitingWords(detail, attempt.isOver)}</p>
    </div>
  );
}

function bind(bindings: Parameters<Parameters<typeof LogView>[0]["bind"]>[0]): () => void {
  return keys.add({ name: "Output", bindings: () => bindings });
}

/** The lines that the address marks, and what marks others there. */
function useRange(): [Range | null, (range: Range | null) => void] {
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate();
  const range = useMemo(() => rangeOf(hash), [hash]);
  const mark = (marked: Range | null) =>
    void navigate({
      to: ".",
      search: true,
      hash: marked ? hashOf(marked) : "",
      replace: true,
      resetScroll: false,
      hashScrollIntoView: false,
    });
  return [range, mark];
}
