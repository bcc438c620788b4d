/** Every other filter, behind a button that says how many of them are set. */
import { Button } from "../../../ui/button";
import { Choice } from "../../../ui/choice";
import { Field } from "../../../ui/field";
import { Popover } from "../../../ui/menu";
import { statusWords } from "../../../ui/status";
import type { FilterProps } from "./filter-bar";
import { listed, STATUSES, toggled } from "./statuses";
import { understood } from "./understood";

const SINCE = [
  ["", "any time"],
  ["1h", "the last hour"],
  ["24h", "the last 24 hours"],
  ["7d", "the last 7 days"],
  ["30d", "the last 30 days"],
] as const;

export function MoreFilters({ filters, onChange }: FilterProps) {
  const set = [filters.image, filters.pool, filters.since].filter(Boolean).length;
  return (
    <Popover button={set > 0 ? `More filters (${set})` : "More filters"}>
      <div className="filters-more">
        <Statuses filters={filters} onChange={onChange} />
        <Typed
          name="image"
          label="Image"
          hint="All of it, or its beginning and *"
          filters={filters}
          onChange={onChange}
        />
        <Typed name="pool" label="Pool" filters={filters} onChange={onChange} />
        <Since filters={filters} onChange={onChange} />
        <Button onClick={() => onChange({ status: undefined, image: undefined, pool: undefined, since: undefined })}>
          Clear these
        </Button>
      </div>
    </Popover>
  );
}

function Statuses({ filters, onChange }: FilterProps) {
  const chosen = listed(filters.status);
  return (
    <fieldset>
      <legend>Status</legend>
      {STATUSES.map((status) => (
        <label key={status}>
          <input
            type="checkbox"
            checked={chosen.includes(status)}
            onChange={() => onChange({ status: toggled(filters.status, [status]) })}
          />{" "}
          {statusWords(status).word}
        </label>
      ))}
    </fieldset>
  );
}

/** A filter that is typed: it counts once Enter is pressed or the field is left, and says where it cannot be meant. */
function Typed({
  name,
  filters,
  onChange,
  ...field
}: FilterProps & { name: "image" | "pool"; label: string; hint?: string }) {
  const commit = (input: HTMLInputElement) => {
    const value = input.value.trim();
    const [why] = understood({ [name]: value }).ignored;
    input.setCustomValidity(why ?? "");
    if (input.reportValidity() && value !== (filters[name] ?? "")) onChange({ [name]: value || undefined });
  };
  return (
    <Field
      {...field}
      key={filters[name] ?? ""}
      defaultValue={filters[name] ?? ""}
      onBlur={(event) => commit(event.currentTarget)}
      onKeyDown={(event) => event.key === "Enter" && commit(event.currentTarget)}
    />
  );
}

/** The times that are at hand, and the one of the URL where it is another. */
function Since({ filters, onChange }: FilterProps) {
  const since = filters.since ?? "";
  const own = SINCE.some(([value]) => value === since) ? [] : [[since, `since ${since}`] as const];
  return (
    <Choice
      label="Created"
      value={since}
      options={[...SINCE, ...own]}
      onChange={(event) => onChange({ since: event.target.value || undefined })}
    />
  );
}
