/** A link that works once, to be handed over by whoever asked for it; it is never shown again. */
import { Copied } from "../../ui/copied";
import { At } from "../../ui/time";

interface Props {
  label: string;
  path: string;
  expiresAt: string;
}

export function OneTimeLink({ label, path, expiresAt }: Props) {
  return (
    <>
      <Copied label={label} text={new URL(path, location.origin).href} action="Copy link" autoFocus />
      <p className="field-hint">
        It works once, until <At time={expiresAt} />, and is not shown again. Hand it over where only they read it.
      </p>
    </>
  );
}
