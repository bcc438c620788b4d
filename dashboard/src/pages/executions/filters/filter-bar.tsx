/** What the list is narrowed to: all of it stands in the URL. */
import { Link } from "@tanstack/react-router";
import type { Execution } from "../../../live/execution";
import type { ExecutionPage } from "../../../live/executions";
import type { Filters } from "../../../live/filters";
import { AskerFilter } from "./asker-filter";
import { MoreFilters } from "./more-filters";
import { SearchField } from "./search-field";
import { StatusFilter } from "./status-filter";
import "./filter-bar.css";

export interface FilterProps {
  filters: Filters;
  /** Narrows to these as well; one that is undefined is taken away. */
  onChange: (changes: { [Name in keyof Filters]: Filters[Name] | undefined }) => void;
}

interface Props extends FilterProps {
  live: ExecutionPage["live"] | undefined;
  executions: readonly Execution[];
  /** Why nothing can be requested here. */
  reason: string | undefined;
}

export function FilterBar({ live, executions, reason, ...filtering }: Props) {
  return (
    <search className="filters">
      <SearchField {...filtering} />
      <StatusFilter live={live} {...filtering} />
      <AskerFilter executions={executions} {...filtering} />
      <MoreFilters {...filtering} />
      <Link
        to="/executions/new"
        state={{ behind: filtering.filters }}
        className="button filters-new"
        data-kind="primary"
        disabled={reason !== undefined}
        title={reason ?? "New (n)"}
      >
        + New
      </Link>
    </search>
  );
}
