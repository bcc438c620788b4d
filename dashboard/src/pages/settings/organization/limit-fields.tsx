/** The limits of an organization: empty is the installation's, which is told beside each. */
import type { components } from "../../../api/schema";
import { Field } from "../../../ui/field";
import type { Settings } from "./changes";

const LONGEST_DAYS = 36_500;
const LONGEST_SECONDS = 604_800;

interface Props {
  settings: Settings;
  limits: components["schemas"]["Limits"];
  readOnly: boolean;
}

export function LimitFields({ settings, limits, readOnly }: Props) {
  const days = limits.retentionDays;
  return (
    <>
      <Field
        label="Executions at once"
        name="concurrencyLimit"
        type="number"
        min={1}
        max={limits.concurrency}
        defaultValue={settings.concurrencyLimit}
        readOnly={readOnly}
        hint={`The installation allows ${limits.concurrency}, which is meant where this is empty.`}
      />
      <Field
        label="Days that executions are kept after their end"
        name="retentionDays"
        type="number"
        min={days === 0 ? 0 : 1}
        max={days || LONGEST_DAYS}
        defaultValue={settings.retentionDays}
        readOnly={readOnly}
        hint={
          days === 0
            ? "The installation keeps them for ever, which is meant where this is empty, or 0."
            : `The installation keeps them for ${days} days, which is meant where this is empty.`
        }
      />
      <Field
        label="Seconds that an attempt may take"
        name="timeoutLimitSeconds"
        type="number"
        min={1}
        max={LONGEST_SECONDS}
        defaultValue={settings.timeoutLimitSeconds}
        readOnly={readOnly}
        hint={`${LONGEST_SECONDS.toLocaleString()} (7 days) at most. Empty: as long as the installation's runners allow, which also bound it.`}
      />
    </>
  );
}
