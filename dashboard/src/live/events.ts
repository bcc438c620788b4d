/** The events of the gateway that the page uses, and whether what arrives has their shape. Others are ignored. */
import type { components } from "../api/schema";

export type ExecutionState = components["schemas"]["ExecutionState"];
export type Chunk = components["schemas"]["Chunk"];

export interface Events {
  "execution-updated": ExecutionState;
  "execution-log": Chunk;
  resync: { reason: string; taskId?: string };
}

/** What a payload must have, so that nothing that uses it can fail on its shape. */
const NEEDED: { [Name in keyof Events]: Record<string, "string" | "number"> } = {
  "execution-updated": { taskId: "string", status: "string", rev: "number", createdAt: "string" },
  "execution-log": { taskId: "string", log: "string", seq: "number", attempt: "number" },
  resync: { reason: "string" },
};

export function isEvent<Name extends keyof Events>(name: Name, payload: unknown): payload is Events[Name] {
  if (typeof payload !== "object" || payload === null) return false;
  const fields = payload as Record<string, unknown>;
  return Object.entries(NEEDED[name]).every(([field, type]) => typeof fields[field] === type);
}

/** Whether it is a worker's own report of a state, which is relayed as it was sent: what it leads to is to be read. */
export function isReport(name: string, payload: unknown): payload is { taskId: string } {
  return name === "execution-updated" && typeof (payload as { taskId?: unknown } | null)?.taskId === "string";
}
