/** The statuses that people look for, as buttons that stay pressed; several may be. Counts are the whole organization's. */
import type { ExecutionPage } from "../../../live/executions";
import { Button } from "../../../ui/button";
import type { FilterProps } from "./filter-bar";
import { GROUPS, listed, toggled } from "./statuses";

type Live = ExecutionPage["live"];

export function StatusFilter({ live, filters, onChange }: FilterProps & { live: Live | undefined }) {
  const chosen = listed(filters.status);
  return (
    <fieldset className="filters-statuses" aria-label="Status">
      <Button aria-pressed={chosen.length === 0} onClick={() => onChange({ status: undefined })}>
        All
      </Button>
      {GROUPS.map(({ label, statuses }) => (
        <Button
          key={label}
          aria-pressed={statuses.every((each) => chosen.includes(each))}
          onClick={() => onChange({ status: toggled(filters.status, statuses) })}
        >
          {label} {count(live, statuses)}
        </Button>
      ))}
    </fieldset>
  );
}

function count(live: Live | undefined, statuses: readonly string[]): string {
  const counts = Object.entries(live ?? {}).filter(([status]) => statuses.includes(status));
  const sum = counts.reduce((total, [, each]) => total + each, 0);
  return counts.length > 0 ? sum.toLocaleString() : "";
}
