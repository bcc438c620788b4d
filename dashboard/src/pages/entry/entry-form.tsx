/** A form that submits by script: what is sent, that it is under way, and why it was refused. */
import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError } from "../../api/problem";
import { Button } from "../../ui/button";
import { ProblemCard } from "../../ui/problem-card";

interface Props {
  action: string;
  /** Does it with the fields by name; what it throws is shown. */
  onSubmit: (fields: Record<string, string>) => Promise<void>;
  children: ReactNode;
}

export function EntryForm({ action, onSubmit, children }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onSubmit(fieldsOf(event.currentTarget));
    } catch (error) {
      setProblem(error instanceof ApiError ? error : new ApiError(String(error), "UNEXPECTED"));
    }
    setBusy(false);
  };
  return (
    <form className="entry-form" onSubmit={submit}>
      {problem && <ProblemCard message={problem.message} code={problem.code} requestId={problem.requestId} />}
      {children}
      <Button kind="primary" type="submit" busy={busy}>
        {action}
      </Button>
    </form>
  );
}

function fieldsOf(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}
