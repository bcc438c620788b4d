/** What the benchmark drives: loaded output that is mounted, scrolled, added to and searched when it says so. */
import { createRoot } from "react-dom/client";
import { Chunks } from "../src/log/chunks";
import { Lines } from "../src/log/lines";
import { Reader } from "../src/log/reader";
import type { OutputChunk } from "../src/log/sink";
import { chunkOf, counts } from "./output";
import { TanStackView } from "./tanstack";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import "../src/log/palette.css";
import "../src/log/log.css";
import "./bench.css";

const asked = new URLSearchParams(location.search);
const lines = Number(asked.get("lines") ?? 200_000);
const ours = asked.get("kind") !== "tanstack";
const root = document.getElementById("root") as HTMLElement;
const chunks = new Chunks(undefined, Number.POSITIVE_INFINITY);
const BATCH_LINES = 100;
const BATCH_MS = 20;
let reader: Reader | null = null;

/** Makes the text, as if it was read before. */
function load(): number {
  for (let seq = 1; seq <= counts(lines).length; seq++) chunks.add(chunkOf(seq, lines));
  return chunks.textBytes;
}

/** Shows it, and ends once it is on the screen. */
async function mount(): Promise<void> {
  if (ours) {
    reader = new Reader(chunks, { marked: () => {}, refused: () => {} }, "Output", { range: null, failed: false });
    reader.mount(root);
  } else createRoot(root).render(<TanStackView chunks={chunks} lines={new Lines(chunks)} />);
  await painted();
}

function painted(): Promise<void> {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
}

/** Text for so many seconds of 5,000 lines a second, made beforehand so that making it is not measured. */
function prepare(seconds: number): OutputChunk[] {
  const batches = (seconds * 1000) / BATCH_MS;
  return Array.from({ length: batches }, (_, at) => {
    const made = chunkOf(at + 1, (at + 1) * 160);
    return { ...made, seq: chunks.length + at + 1, log: made.log.split("\n").slice(0, BATCH_LINES).join("\n") };
  });
}

/** Adds it as it would come; ends when all is there. */
function append(batches: OutputChunk[]): Promise<number> {
  const began = performance.now();
  return new Promise((done) => {
    const timer = setInterval(() => {
      const due = Math.floor((performance.now() - began) / BATCH_MS);
      while (batches.length > 0 && added < due) {
        chunks.add(batches.shift() as OutputChunk);
        added += 1;
      }
      if (batches.length > 0) return;
      clearInterval(timer);
      done(performance.now() - began);
    }, BATCH_MS);
    let added = 0;
  });
}

/** Searches all of it; the number of matches. */
function find(text: string): Promise<number> {
  return new Promise((done) => {
    if (!reader) throw new Error("only the log view can be searched");
    const { finder } = reader;
    finder.search({ text });
    const look = (): void => {
      if (finder.done) done(finder.total);
      else setTimeout(look, 50);
    };
    look();
  });
}

/** Ends once nothing is done in the background any more. */
async function settled(): Promise<void> {
  while (reader && !reader.scanned) await new Promise((done) => setTimeout(done, 50));
  await painted();
}

/** Puts the view to the middle. */
function middle(): Promise<void> {
  const scroller = document.querySelector(".log-scroller") as HTMLElement;
  if (reader) reader.surface.viewport.goTo(Math.floor(lines / 2));
  else scroller.scrollTop = scroller.scrollHeight / 2;
  return painted();
}

Object.assign(window, { bench: { load, mount, prepare, append, find, settled, middle, painted } });
