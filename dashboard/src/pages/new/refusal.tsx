/** Why a request was refused, where that is not said at its fields. */
import { ApiError } from "../../api/problem";
import { ProblemCard } from "../../ui/problem-card";

interface Props {
  error: Error;
  /** What is wrong with what has no field here. */
  others: string;
  /** Whether there are problems at fields. */
  isPlaced: boolean;
}

export function Refusal({ error, others, isPlaced }: Props) {
  const details = error instanceof ApiError ? { code: error.code, requestId: error.requestId } : {};
  const words = isPlaced ? ["Some fields cannot be as they are.", others].filter(Boolean).join(" ") : error.message;
  return <ProblemCard message={words + hint(error)} {...details} />;
}

function hint(error: Error): string {
  const lost = error instanceof ApiError && error.temporary;
  return lost ? " It may have been taken all the same: run it again as it is, and it will be that one." : "";
}
