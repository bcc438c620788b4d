/** Where the header leads: one line a place. */

export const NAVIGATION = [
  { to: "/executions", label: "Executions", keys: "g e" },
  { to: "/images", label: "Images", keys: "g i" },
  { to: "/people", label: "People", keys: "g p" },
] as const;

/** Stands in the menu of the account. */
export const SETTINGS = { to: "/settings", label: "Settings", keys: "g s" } as const;
