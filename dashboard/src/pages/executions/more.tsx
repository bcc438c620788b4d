/** What stands below the list: older ones, and what is not shown of those that wait and run. */
import { isLive } from "../../live/execution";
import { Button } from "../../ui/button";
import { MOST_PAGES, type useExecutions } from "./use-executions";
import "./more.css";

export function More({ list }: { list: ReturnType<typeof useExecutions> }) {
  const pages = list.data?.pages ?? [];
  const isCut = pages.length >= MOST_PAGES && pages.at(-1)?.nextCursor != null;
  return (
    <footer className="more">
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Load older
        </Button>
      )}
      {isCut && <p>There are older ones: narrow the list by time or by other filters to see them.</p>}
      <Unseen list={list} />
    </footer>
  );
}

/** Only without filters is it known how many there should be. */
function Unseen({ list }: { list: ReturnType<typeof useExecutions> }) {
  const [first] = list.data?.pages ?? [];
  const shown = first?.executions.filter(isLive).length ?? 0;
  const all = Object.values(first?.live ?? {}).reduce((sum, each) => sum + each, 0);
  if (shown < 200 || all <= shown) return null;
  return <p>{(all - shown).toLocaleString()} more wait or run: see Waiting and Running.</p>;
}
