import type { OutputChunk } from "./sink";

/** A chunk as it is kept: UTF-8, since one character beyond Latin-1 doubles a string. `plain`: no line is wider than its bytes; `ascii`: none is narrower, but for escape sequences. */
export type Packed = {
  bytes: Uint8Array;
  lines: number;
  ts: number;
  stderr: readonly (readonly [number, number])[];
  plain: boolean;
  ascii: boolean;
  escapes: boolean;
};

const NEWLINE = 10;
// What takes no more cells than bytes for sure: Latin, arrows, boxes, signs. Tabs and what is shown by its name take more.
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences take no cells
const WIDER = /[^\n\u001b -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u27bf]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what an escape sequence begins with
const ESCAPE = /[\u001b\u009b]/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Packs a chunk's text. */
export function pack(chunk: OutputChunk): Packed {
  const { log, ts, stderr } = chunk;
  const bytes = encoder.encode(log);
  const plain = !WIDER.test(log);
  const ascii = plain && bytes.length === log.length;
  return { bytes, lines: countLines(bytes), ts, stderr, plain, ascii, escapes: ESCAPE.test(log) };
}

/** The text of a packed chunk. */
export function textOf(packed: Packed): string {
  return decoder.decode(packed.bytes);
}

/** The lines of a packed chunk. */
export function unpack(packed: Packed): string[] {
  return textOf(packed).split("\n");
}

/** How many bytes each line has, one call a line, in order. */
export function eachLine(packed: Packed, visit: (line: number, start: number, end: number) => void): void {
  const bytes = packed.bytes;
  let start = 0;
  for (let line = 0; line < packed.lines; line++) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    visit(line, start, end);
    start = end + 1;
  }
}

/** One line of a packed chunk by its bytes. */
export function lineAt(packed: Packed, start: number, end: number): string {
  return decoder.decode(packed.bytes.subarray(start, end));
}

/** Whether a line of the chunk came from standard error. */
export function isStderr(packed: Packed, line: number): boolean {
  return packed.stderr.some(([first, count]) => line >= first && line < first + count);
}

function countLines(bytes: Uint8Array): number {
  let count = 1;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
