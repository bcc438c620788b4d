/** The state of the link, always in sight, and behind it the last changes with what they cost. */
import { link } from "../../live/link";
import { chunksDue, type LinkName, type LinkState, told } from "../../live/link-state";
import { useLink } from "../../live/use-link";
import { Button } from "../../ui/button";
import { clockTime } from "../../ui/duration";
import { Popover } from "../../ui/menu";
import { useNow } from "../../ui/time";
import "../../ui/status.css";

const SHOWN: Record<LinkName, [glyph: string, word: string, tone: string]> = {
  connecting: ["◌", "Connecting", "muted"],
  live: ["●", "Live", "green"],
  "catching up": ["◐", "Catching up", "accent"],
  moving: ["◐", "Moving to another gateway", "accent"],
  offline: ["○", "Offline", "red"],
  "signed out": ["⊘", "Signed out", "muted"],
};

export function LinkBadge() {
  const state = useLink();
  const now = useNow(false);
  const [glyph, , tone] = SHOWN[state.name];
  const badge = (
    <span className="status" data-tone={tone} data-link={state.name}>
      <span className="status-glyph" aria-hidden="true">
        {glyph}
      </span>
      <span role="status">{wordsOf(state, now)}</span>
    </span>
  );
  return (
    <>
      <Popover button={badge} className="link-badge">
        <History state={state} />
      </Popover>
      {state.name === "offline" && <Button onClick={() => link.tryNow()}>Try now</Button>}
    </>
  );
}

function wordsOf(state: LinkState, now: number): string {
  const [, word] = SHOWN[state.name];
  const due = chunksDue(state);
  if (state.name === "offline") return `${word} since ${clockTime(state.lost?.at ?? state.since, now)}`;
  return state.name === "catching up" && due > 0 ? `${word}, ${due} ${due === 1 ? "chunk" : "chunks"}` : word;
}

function History({ state }: { state: LinkState }) {
  return (
    <ol className="link-history" aria-label="The last changes of the link">
      {state.history.map((change) => (
        <li key={`${change.at} ${change.what}`}>
          <time>{new Date(change.at).toLocaleTimeString()}</time> {told(change)}
        </li>
      ))}
      {state.history.length === 0 && <li>Nothing has happened yet.</li>}
    </ol>
  );
}
