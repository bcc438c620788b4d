/** The filters of the URL, or of the list that a dialog stands over. */
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import type { Filters } from "../../../live/filters";
import type { FilterProps } from "./filter-bar";
import { type Understood, understood } from "./understood";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** What the list behind a dialog is narrowed to. */
    behind?: Filters;
  }
}

export function useFilters(): Understood & { change: FilterProps["onChange"] } {
  const own = useSearch({ from: "/frame/list/executions", shouldThrow: false });
  const behind = useLocation({ select: ({ state }) => state.behind });
  const navigate = useNavigate();
  const { filters, ignored } = understood(own ?? behind ?? {});
  const change: FilterProps["onChange"] = (changes) => {
    const given = Object.entries({ ...filters, ...changes }).filter(([, value]) => value !== undefined);
    void navigate({ to: "/executions", search: Object.fromEntries(given), replace: "q" in changes });
  };
  return { filters, ignored, change };
}
