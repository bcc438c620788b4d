/** Something to do by a call: what it is called in toasts, and what is read again once it is done. */
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "../../api/problem";
import { toasts } from "../../ui/toasts";

interface Words<Input> {
  /** What it says once it is done. */
  done: (input: Input) => string;
  /** What it says where it failed; Try again does it once more. */
  failed: (input: Input) => string;
  /** What is read again afterwards, also where it failed: then things may be other than they were shown. */
  changes: QueryKey;
}

export function useAction<Input>(run: (input: Input) => Promise<unknown>, { done, failed, changes }: Words<Input>) {
  const client = useQueryClient();
  const action = useMutation({
    mutationFn: run,
    onSuccess: (_, input) => toasts.done(done(input)),
    onError: (error, input) =>
      toasts.failed(failed(input), { small: smallOf(error), again: () => action.mutate(input) }),
    onSettled: () => client.invalidateQueries({ queryKey: changes }),
  });
  return action;
}

function smallOf(error: Error): string {
  if (!(error instanceof ApiError)) return String(error);
  return `${error.message} (${error.code}${error.requestId ? `, request ${error.requestId}` : ""})`;
}
