/** Where the header leads: one line a place. */

export const NAVIGATION = [{ to: "/executions", label: "Executions", keys: "g e" }] as const;
