/** The rows of the list as they stand in the page, and which of them has the focus. */

/** Returns the id of the execution whose row has the focus. */
export function focusedTask(region: HTMLElement | null): string | undefined {
  return rowsOf(region)[focusedIndex(region)]?.dataset.task;
}

/** Returns which row has the focus; -1 for none. */
export function focusedIndex(region: HTMLElement | null): number {
  return rowsOf(region).findIndex((row) => row.contains(document.activeElement));
}

/** Gives the focus to a row's link: the first or the last where there is no such row. */
export function focusRow(region: HTMLElement | null, index: number): void {
  const rows = rowsOf(region);
  rows[Math.max(0, Math.min(index, rows.length - 1))]?.querySelector("a")?.focus();
}

export function countRows(region: HTMLElement | null): number {
  return rowsOf(region).length;
}

function rowsOf(region: HTMLElement | null): HTMLElement[] {
  return [...(region?.querySelectorAll<HTMLElement>("tr[data-task]") ?? [])];
}
