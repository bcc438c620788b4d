/** The keys of an execution's page, and what it asks before it does something for a key. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useKeys } from "../../ui/keys";
import { toasts } from "../../ui/toasts";
import { useAttempt } from "./attempt-tabs";
import type { Attempt } from "./attempts";
import type { Actions } from "./use-actions";
import { useView, VIEWS } from "./view-tabs";

type Asking = "cancel" | "again" | "remove";

export interface Asks {
  asking: Asking | null;
  ask: (what: Asking | null) => void;
}

export function usePageKeys(actions: Actions, attempts: readonly Attempt[], attempt: Attempt): Asks {
  const [asking, ask] = useState<Asking | null>(null);
  const navigate = useNavigate();
  const view = useView();
  const show = useAttempt(attempts);
  const step = (by: number) => {
    const next = attempts[attempts.indexOf(attempt) + by];
    if (next) show(next.number);
  };
  const may = (what: Asking) => {
    const { reason } = actions[what];
    if (reason) toasts.done(reason);
    else ask(what);
  };
  useKeys("Execution", [
    ...VIEWS.map((name, index) => ({ keys: String(index + 1), label: `Show ${name}`, run: () => view(name) })),
    { keys: "[", label: "Attempt before", run: () => step(-1) },
    { keys: "]", label: "Next attempt", run: () => step(1) },
    { keys: "c", label: "Cancel", run: () => may("cancel") },
    { keys: "r", label: "Run again", run: () => may("again") },
    { keys: "Delete", label: "Delete", run: () => may("remove") },
    { keys: "d", label: "Download the output", run: actions.download.run },
    { keys: "Escape", label: "Back to the executions", run: () => void navigate({ to: "/executions" }) },
  ]);
  return { asking, ask };
}
