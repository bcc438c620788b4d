/** The views of an execution, as tabs; at the bottom on phones. */
import { getRouteApi } from "@tanstack/react-router";
import { Tabs } from "../../ui/tabs";

const route = getRouteApi("/frame/executions/$taskId");

export const VIEWS = ["output", "tests", "artifacts", "details"] as const;
export type ViewName = (typeof VIEWS)[number];

const WORDS: Record<ViewName, string> = {
  output: "Output",
  tests: "Tests",
  artifacts: "Artifacts",
  details: "Details",
};

/** Returns the view of a URL; output for none, and for one that there is not. */
export function viewOf(asked: string | undefined): ViewName {
  return VIEWS.find((each) => each === asked) ?? "output";
}

/** Returns what leads to a view, keeping the attempt, and the marked lines for the output. */
export function useView(): (view: ViewName) => void {
  const navigate = route.useNavigate();
  return (view) =>
    void navigate({
      search: (search) => ({ ...search, view: view === "output" ? undefined : view }) as typeof search,
      hash: true,
      replace: true,
      resetScroll: false,
    });
}

export function ViewTabs({ view }: { view: ViewName }) {
  const show = useView();
  const tabs = VIEWS.map((name, index) => ({ id: name, label: WORDS[name], title: `Key ${index + 1}` }));
  return (
    <Tabs
      className="execution-tabs"
      label="Views"
      tabs={tabs}
      chosen={view}
      panel="view"
      onChoose={(id) => show(viewOf(id))}
    />
  );
}
