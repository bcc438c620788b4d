/** The request as a terminal would make it, to take along. */
import { Copied } from "../../ui/copied";
import type { Draft } from "./draft";
import { commandLine, curl } from "./shown";

export function Shown({ draft }: { draft: Draft }) {
  return (
    <details className="request-shown">
      <summary>The same from a terminal</summary>
      <Copied label="With the command line" text={commandLine(draft)} action="Copy runcast" />
      <Copied label="With curl" text={curl(draft, location.origin)} action="Copy curl" />
    </details>
  );
}
