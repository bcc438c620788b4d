/** The foot of the output: how complete it is, and the proof of that. */
import { useState } from "react";
import { ApiError } from "../../api/problem";
import type { AttemptOutput } from "./attempt-output";
import { footWords, type OutputFacts, size } from "./output-words";

type Props = { held: AttemptOutput; facts: OutputFacts; lines: string; isOffline: boolean };

export function Foot({ held, facts, lines, isOffline }: Props) {
  const canVerify = facts.phase === "ended" && facts.end !== null;
  return (
    <>
      <span className="execution-state" data-phase={facts.phase} title={facts.end?.sha256}>
        {footWords(facts, lines, isOffline)}
      </span>{" "}
      {canVerify && <Verify held={held} />}
    </>
  );
}

function Verify({ held }: { held: AttemptOutput }) {
  const [told, setTold] = useState("");
  const [isRunning, setRunning] = useState(false);
  const run = () => {
    setRunning(true);
    verified(held, setTold)
      .then(setTold)
      .finally(() => setRunning(false));
  };
  return (
    <>
      <button type="button" aria-disabled={isRunning || undefined} onClick={isRunning ? undefined : run}>
        Verify
      </button>{" "}
      <span role="status">{told}</span>
    </>
  );
}

async function verified(held: AttemptOutput, say: (words: string) => void): Promise<string> {
  try {
    const found = await held.verify((share) => say(`${Math.floor(share * 100)} %`));
    if (found.verdict !== "same") return `${found.verdict === "different" ? "✗ " : ""}${found.reason}`;
    return `✓ Verified here: ${size(found.bytes)}, SHA-256 ${found.sha256}`;
  } catch (error) {
    return `It could not be verified: ${error instanceof ApiError || error instanceof Error ? error.message : "unknown"}`;
  }
}
