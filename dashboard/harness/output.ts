/** Output that is made up: of any number of lines, each told by its number alone. */
import type { OutputChunk } from "../src/log/sink";

export const CHUNK_LINES = 160;
const WORDS = [
  "collected",
  "compiling",
  "src/server/routes.ts",
  "ok",
  "warning:",
  "deprecated",
  "in",
  "0.42s",
  "assert",
  "GET",
];
const BEGAN = Date.UTC(2026, 0, 1);

/** Line `n` from 0: 111 bytes on average, a quarter in colours, one in a thousand of 5,000 characters. */
export function lineText(n: number): string {
  const words: string[] = [`line ${n + 1}`];
  const length = n % 1000 === 999 ? 5000 : 40 + ((n * 7919) % 118);
  for (let i = 0, size = words[0]?.length ?? 0; size < length; i++) {
    const word = WORDS[(n * 31 + i * 17) % WORDS.length] as string;
    words.push(word);
    size += word.length + 1;
  }
  const text = words.join(" ").slice(0, length);
  if (n % 4 !== 0) return text;
  return `\x1b[3${1 + (n % 7)}m${text.slice(0, 30)}\x1b[0m${text.slice(30)}`;
}

/** The chunk of `seq`, of an output of so many lines. */
export function chunkOf(seq: number, lines: number, text: (line: number) => string = lineText): OutputChunk {
  const first = (seq - 1) * CHUNK_LINES;
  const count = Math.min(CHUNK_LINES, lines - first);
  const log = Array.from({ length: count }, (_, at) => text(first + at)).join("\n");
  const stderr: [number, number][] = seq % 10 === 3 ? [[5, 3]] : [];
  return { seq, log, ts: BEGAN + seq * 100, stderr, firstLine: first + 1 };
}

/** How many lines each chunk has. */
export function counts(lines: number): number[] {
  const chunks = Math.ceil(lines / CHUNK_LINES);
  return Array.from({ length: chunks }, (_, index) => Math.min(CHUNK_LINES, lines - index * CHUNK_LINES));
}
