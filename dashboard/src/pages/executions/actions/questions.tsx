/** The questions before something is done: always before a delete, and before whatever a single key would do. */
import type { Execution } from "../../../live/execution";
import { Ask } from "../../../ui/dialog";
import { nameOf } from "../list/told";
import type { ActionName } from "./use-actions";

export interface Question {
  name: ActionName;
  execution: Execution;
}

interface Words {
  title: string;
  action: string;
  keep: string;
}

const WORDS: Record<ActionName, Words> = {
  cancel: { title: "Cancel this execution?", action: "Cancel it", keep: "Let it go on" },
  rerun: { title: "Run this again?", action: "Run again", keep: "Leave it" },
  delete: { title: "Delete this execution?", action: "Delete", keep: "Keep it" },
};

interface Props {
  question: Question | undefined;
  onClose: () => void;
  onDo: (question: Question) => void;
}

export function Questions({ question, onClose, onDo }: Props) {
  const { title, action, keep } = WORDS[question?.name ?? "delete"];
  const yes = () => {
    onClose();
    if (question) onDo(question);
  };
  return (
    <Ask title={title} action={action} keep={keep} open={question !== undefined} onClose={onClose} onDo={yes}>
      {question && (
        <>
          <p>
            <bdi>{nameOf(question.execution)}</bdi>
          </p>
          <p>{consequence(question)}</p>
        </>
      )}
    </Ask>
  );
}

function consequence({ name, execution: { attempt } }: Question): string {
  if (name === "cancel") return "What runs is stopped; its output until then stays.";
  if (name === "rerun") return "The same request, with its variables and secrets, is queued as another execution.";
  const what = attempt > 1 ? `its ${attempt} attempts with all their output` : "its output";
  return `Its row, ${what}, and whatever links lead to it are gone for everybody. This cannot be undone.`;
}
