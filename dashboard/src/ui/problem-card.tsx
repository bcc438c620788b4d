/** What went wrong, where the thing itself would be: what, its code, the request's id, and Try again. */
import { Button } from "./button";
import "./problem-card.css";

interface Props {
  message: string;
  code?: string | undefined;
  requestId?: string | undefined;
  onAgain?: (() => void) | undefined;
}

export function ProblemCard({ message, code, requestId, onAgain }: Props) {
  return (
    <div className="problem" role="alert">
      <p>
        <span aria-hidden="true">✗ </span>
        {message}
      </p>
      {(code || requestId) && (
        <p className="problem-ids">
          {code} {requestId && `request ${requestId}`}
        </p>
      )}
      {onAgain && <Button onClick={onAgain}>Try again</Button>}
    </div>
  );
}
