/** A request as one would type it in a terminal. Values of secrets are never in it: they come from the environment. */
import { type Draft, isGiven, lines, requestOf, type Variable } from "./draft";

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Returns the `runcast run …` that requests it. */
export function commandLine(draft: Draft): string {
  const flags = [...draft.variables.filter(isGiven).map(variableFlag), ...optionFlags(draft)];
  const command = draft.command.trim();
  const words = PLAIN.test(command.replaceAll(" ", "")) ? command : command && `sh -c ${quoted(draft.command)}`;
  return ["runcast run", ...flags, quoted(draft.image.trim() || "IMAGE"), ...(words ? ["--", words] : [])].join(" ");
}

/** Returns the `curl …` that requests it, of the api at `origin`. */
export function curl(draft: Draft, origin: string): string {
  const secrets = draft.variables.filter((each) => each.secret && isGiven(each));
  const masked = draft.variables.map((each) => (each.secret ? { ...each, value: markOf(each, secrets) } : each));
  const body = quoted(JSON.stringify(requestOf({ ...draft, variables: masked })), true);
  const filled = secrets.reduce(
    (text, each) => text.replaceAll(`"${markOf(each, secrets)}"`, () => fromEnvironment(each)),
    body,
  );
  return `curl ${origin}/api/execution-request \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -d ${filled}`;
}

/** Quotes a word for a shell where it has to be, or `always`. */
export function quoted(word: string, always = false): string {
  return !always && PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function variableFlag({ name, value, secret }: Variable): string {
  const called = name.trim() || "NAME";
  return secret ? `--secret ${quoted(called)}` : `-e ${quoted(`${called}=${value}`)}`;
}

function optionFlags(draft: Draft): string[] {
  const { timeout, retries, retryOnLoss, pool, priority, memory, cpus, baseUrl, folder, tests } = draft;
  const flag = (name: string, value: string) => (value.trim() ? [`${name} ${quoted(value.trim())}`] : []);
  return [
    ...flag("--timeout", timeout.replaceAll(/\s+/g, "")),
    ...flag("--retries", retries),
    ...(retryOnLoss ? ["--retry-on-loss"] : []),
    ...flag("--pool", pool),
    ...flag("--priority", priority),
    ...flag("--memory", memory.trim() && `${memory.trim()}m`),
    ...flag("--cpus", cpus),
    ...flag("-e", baseUrl.trim() && `BASE_URL=${baseUrl.trim()}`),
    ...flag("--folder", folder),
    ...lines(tests).map((test) => `--test ${quoted(test)}`),
  ];
}

/** A text that stands for a secret until the body is quoted; nobody else writes it. */
function markOf(secret: Variable, secrets: readonly Variable[]): string {
  return `\ue000${secrets.indexOf(secret)}\ue001`;
}

function fromEnvironment({ name }: Variable): string {
  return SHELL_NAME.test(name.trim()) ? `"'"$${name.trim()}"'"` : `"***"`;
}
