/** What a form changes of an organization: only that is sent, so that two admins do not undo each other's changes. */
import type { components } from "../../../api/schema";

export type Settings = components["schemas"]["OrganizationSettings"];
type Patch = components["schemas"]["OrganizationPatch"];

const LIMITS = ["concurrencyLimit", "retentionDays", "timeoutLimitSeconds"] as const;

/** Compares the fields by name with what is set. An empty limit is the installation's. */
export function changesOf(fields: Record<string, string>, settings: Settings): Patch {
  const patch: Patch = {};
  const name = (fields.name ?? "").trim();
  if (name !== (settings.name ?? "")) patch.name = name;
  for (const limit of LIMITS) {
    const value = numberIn(fields[limit] ?? "");
    if (value !== (settings[limit] ?? null)) patch[limit] = value;
  }
  return patch;
}

function numberIn(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
