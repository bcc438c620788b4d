/** Two attempts beside each other, each in a log view of its own. */
import { type ReactNode, useEffect, useState } from "react";
import type { Attempt, Detail } from "../execution/attempts";
import { OutputView } from "../execution/output-view";
import { Outputs } from "../execution/outputs";
import { useDownload } from "../execution/use-download";

export type Pair = readonly [Attempt, Attempt];

type Heading = (attempt: Attempt) => ReactNode;

/** Both as they are shown alone: for what is too long, or goes on. */
export default function Beside({ detail, pair, heading }: { detail: Detail; pair: Pair; heading: Heading }) {
  const [outputs] = useState(() => new Outputs(detail.taskId));
  useEffect(() => outputs.follow(), [outputs]);
  return (
    <div className="compare-sides">
      {pair.map((attempt) => (
        <section key={attempt.number} aria-label={`Attempt ${attempt.number}`}>
          {heading(attempt)}
          <Side detail={detail} attempt={attempt} outputs={outputs} />
        </section>
      ))}
    </div>
  );
}

function Side({ detail, attempt, outputs }: { detail: Detail; attempt: Attempt; outputs: Outputs }) {
  const download = useDownload(detail.taskId, attempt.number);
  return <OutputView detail={detail} attempt={attempt} outputs={outputs} onDownload={download.run} />;
}
