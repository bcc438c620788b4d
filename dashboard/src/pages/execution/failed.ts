/** Says that something could not be done, with what to name when asking about it, and offers to try again. */
import { ApiError } from "../../api/problem";
import { toasts } from "../../ui/toasts";

export function failed(what: string, error: Error, again: () => void): void {
  const ids = error instanceof ApiError ? ` (${[error.code, error.requestId].filter(Boolean).join(", request ")})` : "";
  toasts.failed(`${what}: ${error.message}`, { small: ids.trim(), again });
}
