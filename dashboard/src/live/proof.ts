/** Verifies output here: the SHA-256 of every line, each followed by a newline, against what its runner recorded. */

import type { ReadPage } from "./loader";
import type { OutputEnd } from "./wire";

/** `reason` says, for people, what differs or why it cannot be said. */
export type Verdict =
  | { readonly verdict: "same"; readonly lines: number; readonly bytes: number; readonly sha256: string }
  | { readonly verdict: "different" | "unknown"; readonly reason: string };

export interface VerifyOptions {
  readonly end: OutputEnd;
  /** A chunk's text as it is shown, in UTF-8; undefined where it is not here. */
  readonly here: (seq: number) => Uint8Array | undefined;
  readonly read: ReadPage;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly progress: (share: number) => void;
  readonly digest?: ((data: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>) | undefined;
  /** Lets the browser do what it has to. */
  readonly breathe?: () => Promise<void>;
}

const SLICE_MS = 8;
const MOST_BYTES = 1_000_000_000;
const PAGE = 64;
const NEWLINE = 10;

/** The browser's own SHA-256, which it offers only over https and on this computer. */
export const subtle: VerifyOptions["digest"] = globalThis.crypto?.subtle
  ? (data) => crypto.subtle.digest("SHA-256", data)
  : undefined;

/** Reads all that is not here, and compares. Raises what reading raises, and when it is aborted. */
export async function verify(options: VerifyOptions): Promise<Verdict> {
  const { end } = options;
  const digest = "digest" in options ? options.digest : subtle;
  const why = reasonAgainst(end, digest);
  if (why || !digest) return { verdict: "unknown", reason: why };
  const text = new Text(end.bytes);
  await fill(text, options);
  if (text.isOver || text.length < end.bytes) return { verdict: "different", reason: sizes(text, end) };
  if (end.lines !== undefined && text.lines !== end.lines) {
    return { verdict: "different", reason: `It has ${text.lines} lines here, and ${end.lines} were recorded.` };
  }
  const sha256 = hexadecimal(await digest(text.bytes));
  if (sha256 === end.sha256.toLowerCase()) return { verdict: "same", lines: text.lines, bytes: end.bytes, sha256 };
  return { verdict: "different", reason: `Its SHA-256 is ${sha256} here, and ${end.sha256} was recorded.` };
}

/** All text, at most as much as was recorded. */
class Text {
  readonly bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  lines = 0;
  isOver = false;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  add(chunk: Uint8Array): void {
    this.isOver ||= this.length + chunk.length + 1 > this.bytes.length;
    if (this.isOver) return;
    this.bytes.set(chunk, this.length);
    this.length += chunk.length;
    this.bytes[this.length++] = NEWLINE;
    this.lines += 1;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) this.lines += 1;
  }
}

async function fill(text: Text, options: VerifyOptions): Promise<void> {
  const breathe = options.breathe ?? (() => new Promise<void>((resolve) => setTimeout(resolve)));
  let until = performance.now() + SLICE_MS;
  for await (const chunk of everything(options)) {
    options.signal.throwIfAborted();
    text.add(chunk);
    if (text.isOver) return;
    if (performance.now() < until) continue;
    options.progress(text.length / options.end.bytes);
    await breathe();
    until = performance.now() + SLICE_MS;
  }
}

/** The chunks in order, as they are shown, or else read again. */
async function* everything({ end, here, read }: VerifyOptions): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let seq = 1; seq <= end.lastSeq; ) {
    const shown = here(seq);
    if (shown) {
      yield shown;
      seq += 1;
      continue;
    }
    const first = seq;
    for (const chunk of (await read(seq - 1, PAGE)).chunks) {
      if (chunk.seq === seq) yield here(seq++) ?? encoder.encode(chunk.log);
    }
    if (seq === first) throw new Error(`chunk ${seq} of ${end.lastSeq} cannot be read: the store does not have it`);
  }
}

function reasonAgainst(end: OutputEnd, digest: VerifyOptions["digest"]): string {
  if (!digest) {
    return `Browsers compute SHA-256 only on pages from https or from this computer. Download the output and compare the result of sha256sum with ${end.sha256}.`;
  }
  if (end.bytes <= MOST_BYTES) return "";
  return `It has ${end.bytes} bytes, too many for this page. Download it and compare the result of sha256sum with ${end.sha256}.`;
}

function sizes(text: Text, end: OutputEnd): string {
  const here = text.isOver ? `more than ${end.bytes}` : String(text.length);
  return `It has ${here} bytes here, and ${end.bytes} were recorded.`;
}

function hexadecimal(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
