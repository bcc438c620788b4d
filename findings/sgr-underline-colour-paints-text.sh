#!/usr/bin/env bash
# The colour of an underline, `58;2;r;g;b`, makes five parsers of terminal colours paint the text, and all after it.
#
# Versions: ansi_up 6.0.6, anser 2.3.5, ansi-to-html 0.7.2, fancy-ansi 0.1.3, @xterm/headless 6.0.0 (npm; on Node.js
# 20.20); rich 15.0.0, pyte 0.8.2 (PyPI).
#
# One would expect (written before the run): who draws no underlines in colour passes over `58` with what belongs to it:
# it is built as 38 and 48 are. The input is what `underline.underlineRgb(31, 42, 9)` of chalk 6.0.1 writes: `4`,
# `58;2;31;42;9`, the text, `59`, `24`.
#
# Instead: `58` alone is passed over, and each number after it is taken for a code of its own: 2 is dim, 31 red, 42 on
# green, 9 struck out. `59` ends none of them, so that all the output that follows keeps them. Seen (of the text after
# the end; the first is the control, xterm.js without a screen):
#   @xterm/headless   plain
#   fancy-ansi        plain
#   ansi_up           opacity:0.7;color:rgb(187,0,0);background-color:rgb(0,187,0)
#   anser             color:rgb(187, 0, 0);background-color:rgb(0, 187, 0);opacity:0.5;text-decoration:line-through
#   ansi-to-html      u color:#A00 background-color:#0A0 strike
#   rich              dim not underline strike color(1) on color(2)
#   pyte              red on green, struck out
#
# Where it matters here: dashboard, src/log/sgr-codes.ts: a parser of our own, whose tests have `58` in each notation.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 npm install --silent --no-audit --no-fund \
    ansi_up@6.0.6 anser@2.3.5 ansi-to-html@0.7.2 fancy-ansi@0.1.3 @xterm/headless@6.0.0
timeout 120 python3 -m venv venv
timeout 300 venv/bin/pip install --quiet --disable-pip-version-check 'rich==15.0.0' 'pyte==0.8.2'
printf '\033[4m\033[58;2;31;42;9mX\033[59m\033[24mafter' > text

cat > parsers.mjs <<'JS'
import { readFileSync } from "node:fs";
import xterm from "@xterm/headless";
import Anser from "anser";
import Convert from "ansi-to-html";
import { AnsiUp } from "ansi_up";
import { FancyAnsi } from "fancy-ansi";

const text = readFileSync("text", "latin1");

/** What is open where "after" stands in HTML: the styles of elements, and the names of those that have none. */
function openAt(html) {
  const open = [];
  for (const [, slash, name, style] of html.split("after")[0].matchAll(/<(\/?)(\w+)(?: style="([^"]*)")?[^>]*>/g)) {
    if (slash) open.pop();
    else open.push(style ?? name);
  }
  return open.join(" ") || "plain";
}

const terminal = new xterm.Terminal({ allowProposedApi: true });
await new Promise((resolve) => terminal.write(text, resolve));
const cell = terminal.buffer.active.getLine(0).getCell(1); // of "after"
const found = {
  "@xterm/headless": cell.isFgDefault() && cell.isBgDefault() && !cell.isDim() ? "plain" : "painted",
  "fancy-ansi": openAt(new FancyAnsi().toHtml(text)),
  ansi_up: openAt(new AnsiUp().ansi_to_html(text)),
  anser: openAt(Anser.ansiToHtml(text)),
  "ansi-to-html": openAt(new Convert().toHtml(text)),
};
for (const [name, style] of Object.entries(found)) console.log(name.padEnd(17), style);
JS

cat > parsers.py <<'PY'
import pyte
from rich.text import Text

text = open("text", encoding="latin-1").read()
print(f"{'rich':17}", [str(span.style) for span in Text.from_ansi(text).spans if span.end > 1][-1])
screen = pyte.Screen(20, 1)
pyte.Stream(screen).feed(text)
cell = screen.buffer[0][1]  # of "after"
print(f"{'pyte':17}", f"{cell.fg} on {cell.bg}" + ", struck out" * cell.strikethrough)
PY

{ timeout 50 node parsers.mjs; timeout 50 venv/bin/python parsers.py; } | tee seen
plain="$(awk '$2 == "plain" { print $1 }' seen | paste -sd ' ')"
if [[ "$plain" != "@xterm/headless fancy-ansi" || "$(wc -l < seen)" != 7 ]]; then
    echo "Not as stated any more: after it the text is plain to: $plain" >&2
    exit 1
fi
echo "As stated: the colour of an underline painted what comes after it, by five of seven."
