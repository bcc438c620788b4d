/** That not all of a period was counted, and since when it is. */
import { At } from "../../ui/time";

export function Incomplete({ of: { complete, completeFrom } }: { of: { complete: boolean; completeFrom: string } }) {
  if (complete) return null;
  return (
    <p role="note">
      So much ended that only what did since <At time={completeFrom} /> is counted. A shorter period is counted whole.
    </p>
  );
}
