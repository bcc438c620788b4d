/** A request as it is being filled in: fields as they are typed, and what the api is sent of them. */
import type { Fault } from "../../api/problem";
import type { components } from "../../api/schema";
import { secondsOf } from "./seconds";

type Request = Omit<components["schemas"]["ExecutionRequest"], "folder"> & { folder?: string };
type Config = NonNullable<Request["config"]>;

export interface Variable {
  /** Tells it from others while it has no name. */
  key: number;
  name: string;
  value: string;
  /** Whether its value is encrypted in the store, and masked in output. */
  secret: boolean;
}

export interface Draft {
  image: string;
  command: string;
  variables: readonly Variable[];
  timeout: string;
  retries: string;
  retryOnLoss: boolean;
  pool: string;
  priority: string;
  memory: string;
  cpus: string;
  baseUrl: string;
  folder: string;
  /** One a line. */
  tests: string;
}

export const emptyDraft: Draft = {
  image: "",
  command: "",
  variables: [],
  timeout: "",
  retries: "",
  retryOnLoss: false,
  pool: "",
  priority: "",
  memory: "",
  cpus: "",
  baseUrl: "",
  folder: "",
  tests: "",
};

/** Returns the body of the request: only what was filled in. */
export function requestOf(draft: Draft): Request {
  const config = configOf(draft);
  const tests = lines(draft.tests);
  return {
    image: draft.image.trim(),
    ...(draft.command.trim() && { command: draft.command }),
    ...(draft.folder.trim() && { folder: draft.folder.trim() }),
    ...(tests.length > 0 && { tests }),
    ...(Object.keys(config).length > 0 && { config }),
  };
}

/** Returns what cannot be sent at all, by the draft's own fields; all else is the api's to judge. */
export function faultsOf(draft: Draft): Fault[] {
  const faults: Fault[] = [];
  const say = (field: string, problem: string) => faults.push({ field, problem });
  if (!draft.image.trim()) say("image", "Name an image, such as alpine:3");
  if (draft.timeout.trim() && secondsOf(draft.timeout) === undefined) say("timeout", "Say it as 90s, 10m or 1h30m");
  for (const field of ["retries", "priority", "memory", "cpus"] as const) {
    if (draft[field].trim() && !Number.isFinite(Number(draft[field]))) say(field, "This is no number");
  }
  const names = draft.variables.filter(isGiven).map(({ name }) => name.trim());
  if (names.includes("")) say("variables", "A value without a name: name it, or remove it");
  const twice = names.find((name, index) => name && names.indexOf(name) < index);
  if (twice) say("variables", `${twice} is there twice`);
  return faults;
}

/** Returns the lines that say something. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

export function isGiven({ name, value }: Variable): boolean {
  return name.trim() !== "" || value !== "";
}

function configOf(draft: Draft): Config {
  const [secrets, envVars] = [valuesOf(draft, true), valuesOf(draft, false)];
  const resources = { ...numberOf("memoryMb", draft.memory), ...numberOf("cpus", draft.cpus) };
  const seconds = secondsOf(draft.timeout);
  return {
    ...(envVars && { envVars }),
    ...(secrets && { secrets }),
    ...(seconds !== undefined && { timeoutSeconds: seconds }),
    ...numberOf("retryAttempts", draft.retries),
    ...(draft.retryOnLoss && { retryOnLoss: true }),
    ...(draft.pool.trim() && { pool: draft.pool.trim() }),
    ...numberOf("priority", draft.priority),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...(draft.baseUrl.trim() && { baseUrl: draft.baseUrl.trim() }),
  };
}

function valuesOf({ variables }: Draft, secret: boolean): Record<string, string> | undefined {
  const given = variables.filter((each) => each.secret === secret && isGiven(each));
  return given.length > 0 ? Object.fromEntries(given.map(({ name, value }) => [name.trim(), value])) : undefined;
}

function numberOf<Name extends string>(name: Name, typed: string): { [Key in Name]?: number } {
  return (typed.trim() ? { [name]: Number(typed) } : {}) as { [Key in Name]?: number };
}
