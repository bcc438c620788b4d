/** The log view alone, fed with output that is made up: what the browser tests and the benchmark open. */
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { Chunks } from "../src/log/chunks";
import type { Elsewhere } from "../src/log/finder";
import { type LogOptions, LogView } from "../src/log/log-view";
import { stripSgr } from "../src/log/sgr";
import type { Range } from "../src/log/surface";
import type { Binding } from "../src/log/use-bindings";
import { chunkOf, counts, lineText } from "./output";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import "./log.css";

const asked = new URLSearchParams(location.search);
const lines = Number(asked.get("lines") ?? 0);
const chunks = new Chunks(undefined, Number(asked.get("budget") ?? 64 * 1024 * 1024));
const downloads: string[] = [];
const needed: [number, number][] = [];
const shown: { link: (range: Range | null) => void } = { link: () => {} };
let bound: readonly Binding[] = [];
let begun = "";

function Harness() {
  const [options, setOptions] = useState<LogOptions>({ wrap: asked.has("wrap"), timestamps: "off", textSize: 13 });
  const [range, setRange] = useState<Range | null>(rangeOf(location.hash));
  shown.link = setRange;
  return (
    <LogView
      chunks={chunks}
      name="Output of attempt 1"
      theme={asked.get("theme") === "dark" ? "dark" : "light"}
      options={options}
      onOptions={setOptions}
      range={range}
      onRange={(marked) => {
        history.replaceState(null, "", marked ? `#${hashOf(marked)}` : location.pathname + location.search);
        setRange(marked);
      }}
      failed={asked.has("failed")}
      start={null}
      state="● live"
      onDownload={() => downloads.push("all")}
      {...(asked.has("elsewhere") ? { elsewhere } : {})}
      bind={(bindings) => {
        bound = bindings;
        return () => {};
      }}
    />
  );
}

/** Stands for a server that searches: what it is asked for, in answers of 50 chunks. */
const elsewhere: Elsewhere = async (search, query) => {
  for (let first = search.firstUnsearched; first !== undefined; first = search.firstUnsearched) {
    await new Promise((done) => setTimeout(done));
    for (let index = first; index < first + 50; index++) {
      const texts = chunkOf(index + 1, lines).log.split("\n");
      const found = texts.map((text, line) => ({ line, text }));
      search.supply(
        index,
        found.filter(({ text }) => stripSgr(text).includes(query.text)),
      );
    }
  }
};

function rangeOf(hash: string): Range | null {
  const found = /^#L(\d+)(?:-L(\d+))?$/.exec(hash);
  return found ? { from: Number(found[1]), to: Number(found[2] ?? found[1]) } : null;
}

function hashOf({ from, to }: Range): string {
  return from === to ? `L${from}` : `L${from}-L${to}`;
}

/** Adds all text at once, as if it was read before. */
function load(from = 1, to = counts(lines).length): void {
  for (let seq = from; seq <= to; seq++) chunks.add(chunkOf(seq, lines));
}

function answer(): void {
  chunks.need = (from, to) => {
    needed.push([from, to]);
    setTimeout(() => {
      for (let seq = from; seq <= to; seq++) chunks.add(chunkOf(seq, lines));
    });
  };
}

addEventListener("keydown", (event) => {
  const typed = (event.target as Element).closest("input, select, dialog");
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || typed) return;
  const sequence = begun ? `${begun} ${event.key}` : event.key;
  begun = event.key === "g" && !begun ? "g" : "";
  const binding = bound.find((each) => each.keys === sequence);
  if (binding) event.preventDefault();
  binding?.run();
});

if (lines > 0 && asked.get("text") === "asked") answer();
if (lines > 0) chunks.known(0, counts(lines));
if (asked.get("text") === "loaded") load();
if (asked.get("theme")) document.documentElement.dataset.theme = asked.get("theme") ?? "";
const root = document.getElementById("root");
if (root) createRoot(root).render(<Harness />);
Object.assign(window, {
  log: {
    chunks,
    load,
    answer,
    lineText,
    chunkOf,
    downloads,
    needed,
    lines,
    link: (range: Range | null) => shown.link(range),
  },
});
