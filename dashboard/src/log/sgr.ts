/** Colours and styles of terminal text (SGR); every other control sequence is dropped. ECMA-48, ITU T.416. */

import { applied } from "./sgr-codes";
import { PLAIN, type SgrState, type Style } from "./style";

export interface Run {
  readonly text: string;
  readonly style: Style;
}

/* In turn: CSI; OSC; DCS, SOS, PM and APC; any other escape. What has not ended ends with its line. */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it finds
  /(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~]?)|(?:\x1b\]|\x9d)[^\n\x07\x18\x1a\x1b\x9c]*(?:\x07|\x18|\x1a|\x9c|\x1b\\)?|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\n\x18\x1a\x1b\x9c]*(?:\x18|\x1a|\x9c|\x1b\\)?|\x1b[ -/]*[0-~]?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a control sequence begins with
const INTRODUCER = /[\x1b\x90\x98\x9b\x9d-\x9f]/;
const PARAMETERS = /^[0-9;:]*$/;

/** A line as pieces of one style each, neighbours of different ones, and the state that its next line begins with. */
export function parseSgr(line: string, state: SgrState): { runs: Run[]; state: SgrState } {
  if (!INTRODUCER.test(line)) return { runs: line === "" ? [] : [{ text: line, style: state }], state };
  const runs: Run[] = [];
  let style = state;
  let at = 0;
  for (const found of line.matchAll(SEQUENCE)) {
    push(runs, line.slice(at, found.index), style);
    at = found.index + found[0].length;
    style = after(found, style);
  }
  push(runs, line.slice(at), style);
  return { runs, state: style };
}

/** The text of a line, or of several, without control sequences. */
export function stripSgr(text: string): string {
  return INTRODUCER.test(text) ? text.replace(SEQUENCE, "") : text;
}

/** The state after a text of any number of lines. Of what stands before the last reset nothing is read. */
export function carried(text: string, state: SgrState): SgrState {
  const reset = Math.max(text.lastIndexOf("\x1b[0m"), text.lastIndexOf("\x1b[m"));
  const rest = reset > 0 ? text.slice(reset) : text;
  if (!INTRODUCER.test(rest)) return state;
  let style = state;
  for (const found of rest.matchAll(SEQUENCE)) style = after(found, style);
  return style;
}

function push(runs: Run[], text: string, style: Style): void {
  if (text === "") return;
  const last = runs.at(-1);
  if (last && same(last.style, style)) runs[runs.length - 1] = { text: last.text + text, style: last.style };
  else runs.push({ text, style });
}

/** Whether two styles look alike. */
export function same(one: Style, other: Style): boolean {
  return one === other || (one.fg === other.fg && one.bg === other.bg && one.flags === other.flags);
}

function after(sequence: RegExpExecArray, style: Style): Style {
  const [, parameters = "", intermediate, final] = sequence;
  if (final !== "m" || intermediate !== "" || !PARAMETERS.test(parameters)) return style;
  return parameters === "" || parameters === "0" ? PLAIN : applied(parameters, style);
}
