/** The last hour in words. */
import type { History } from "./activity";

/** Returns how many run and wait now, and the most there were. */
export function summary({ buckets }: Pick<History, "buckets">): string {
  const last = buckets.at(-1);
  const most = (name: "running" | "waiting") => Math.max(0, ...buckets.map((bucket) => bucket[name]));
  if (!last || most("running") + most("waiting") === 0) return "Nothing waited or ran in the last hour.";
  return (
    `This minute up to ${last.running} running and ${last.waiting} waiting; ` +
    `in the last hour up to ${most("running")} and ${most("waiting")}.`
  );
}
