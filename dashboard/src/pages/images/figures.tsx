/** The figures of a period, each with its change against the period before. */
import type { components } from "../../api/schema";
import { duration } from "../../ui/duration";
import { type Change, durationChange, failedOf, rateChange, rateWords } from "./outcome";

type Outcome = components["schemas"]["PeriodOutcome"];

interface Props {
  now: Outcome;
  before: Outcome;
  days: number;
}

export function Figures({ now, before, days }: Props) {
  const { counts } = now;
  return (
    <dl className="image-figures" title={`Of ${days} days; changes against the ${days} days before`}>
      <Figure name="Pass rate" value={rateWords(now.passRate)} change={rateChange(now, before)} />
      <Figure name="Half within" value={timeWords(now.p50Ms)} change={durationChange(now.p50Ms, before.p50Ms)} />
      <Figure name="95 % within" value={timeWords(now.p95Ms)} change={durationChange(now.p95Ms, before.p95Ms)} />
      <Figure name="Executions" value={now.executions.toLocaleString()} />
      <Figure name="Passed" value={counts.PASSED.toLocaleString()} />
      <Figure name="Failed" value={failedOf(counts).toLocaleString()} />
      {counts.UNSTABLE > 0 && <Figure name="Unstable" value={counts.UNSTABLE.toLocaleString()} />}
    </dl>
  );
}

function Figure({ name, value, change }: { name: string; value: string; change?: Change | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {change && (
          <span className="image-change" data-tone={change.tone} title={change.words}>
            <span aria-hidden="true">{change.text}</span>
            <span className="unseen">{change.words}</span>
          </span>
        )}
      </dd>
    </div>
  );
}

function timeWords(ms: number | undefined): string {
  return ms === undefined ? "none" : duration(ms);
}
