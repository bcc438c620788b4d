/** What is shown where a page failed: what it was, and how to go on. The rest of the page stays. */
import type { ErrorComponentProps } from "@tanstack/react-router";
import { ApiError } from "../api/problem";
import { ProblemCard } from "../ui/problem-card";

export function Crash({ error, reset }: ErrorComponentProps) {
  if (error instanceof ApiError) {
    return <ProblemCard message={error.message} code={error.code} requestId={error.requestId} onAgain={reset} />;
  }
  const message = error instanceof Error ? error.message : String(error);
  const old = /dynamically imported module|importing a module script|Unable to preload/i.test(message);
  const what = old
    ? "This part of the page could not be loaded: the server is away, or has a newer version. Try again to reload."
    : `The page failed: ${message}. Try again to reload.`;
  return <ProblemCard message={what} onAgain={() => location.reload()} />;
}
