/** What a form asks a key to be. */
import type { components } from "../../../api/schema";

type NewKey = components["schemas"]["NewKey"];

/** Reads the fields by name; a worker key has none of an API key's. */
export function bodyOf(fields: Record<string, string>): NewKey {
  const worker = fields.kind === "worker-key";
  const days = (fields.expiresInDays ?? "").trim();
  return {
    name: (fields.name ?? "").trim(),
    kind: worker ? "worker-key" : "api-key",
    pools: worker ? [] : listed(fields.pools),
    images: worker ? [] : listed(fields.images),
    ...(worker ? {} : { role: fields.role as components["schemas"]["Role"] }),
    ...(days ? { expiresInDays: Number(days) } : {}),
  };
}

/** Reads names with commas, spaces or line ends between, each once. */
export function listed(text = ""): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}
