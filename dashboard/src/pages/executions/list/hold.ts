/** Rows that stay where they are while somebody points at one, or has the focus in one: only their states change. */
import { type Execution, isLive } from "../../../live/execution";
import { LIVE_KEY, newestFirst, type Section, sectionsOf } from "./sections";

export interface Arrangement {
  sections: readonly Section[];
  /** How many executions came meanwhile and are not shown yet. */
  fresh: number;
}

/**
 * Returns the sections to show: `held` ones with their rows' newest states, and older rows that were read meanwhile below
 * them; without held ones all that there is, in its order. A held row stays, whatever became of it.
 */
export function arranged(
  held: readonly Section[] | undefined,
  executions: readonly Execution[],
  now: number,
): Arrangement {
  if (!held) return { sections: sectionsOf(executions, now), fresh: 0 };
  const newest = new Map(executions.map((each) => [each.taskId, each]));
  const shown = held.flatMap((section) => section.rows);
  const ids = new Set(shown.map((row) => row.taskId));
  const others = executions.filter((each) => !ids.has(each.taskId));
  const older = others.filter((each) => isBelow(held, each));
  const sections = held.map((section) => ({
    ...section,
    rows: section.rows.map((row) => newest.get(row.taskId) ?? row),
  }));
  return { sections: joined(sections, sectionsOf(older, now)), fresh: others.length - older.length };
}

/** Whether it stands below all that had ended when the rows were held. */
function isBelow(held: readonly Section[], execution: Execution): boolean {
  const ended = held.flatMap((section) => (section.key === LIVE_KEY ? [] : section.rows));
  return !isLive(execution) && ended.length > 0 && ended.every((row) => newestFirst(row, execution) < 0);
}

/** Puts older sections below; a day that both have is one. */
function joined(held: readonly Section[], older: readonly Section[]): Section[] {
  const own = held.map((section) => {
    const more = older.find((each) => each.key === section.key);
    return more ? { ...section, rows: [...section.rows, ...more.rows] } : section;
  });
  return [...own, ...older.filter((section) => !held.some((each) => each.key === section.key))];
}
