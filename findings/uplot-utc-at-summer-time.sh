#!/usr/bin/env bash
# uPlot shows UTC an hour wrong around the hour in which the browser's own zone goes to summer time or comes from it.
#
# Versions: uplot 1.6.32 (npm); seen on Node.js 20.20.
#
# One would expect (written before the run): a chart whose `tzDate` is `uPlot.tzDate(..., "UTC")` has the same labels in
# each browser, wherever that is; UTC has no summer time.
#
# Instead: a time in UTC is kept as a Date of the browser's zone, which has one hour less that day in spring, and one
# more in autumn. The hours before and after are right. Seen (`tzDate` with "UTC", written by `uPlot.fmtDate`):
#   2026-03-29T01:30Z   01:30 on a machine in UTC, 00:30 in Berlin
#   2026-03-29T02:30Z   02:30 on a machine in UTC, 01:30 in Berlin
#   2026-10-25T01:30Z   01:30 on a machine in UTC, 02:30 in Berlin
#
# Where it matters here: dashboard, the charts: they have no `tzDate`, and all their times are the browser's own.
#
# Upstream: https://github.com/leeoniya/uPlot/issues/1068
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 npm install --silent --no-audit --no-fund uplot@1.6.32

cat > labels.cjs <<'JS'
// What uPlot asks of a browser when it is loaded. Nothing is drawn.
const nothing = () => {};
globalThis.window = globalThis;
globalThis.document = {};
globalThis.CustomEvent = class {};
Object.defineProperty(globalThis, "navigator", { value: { language: "en-US" } });
Object.assign(globalThis, { devicePixelRatio: 1, dispatchEvent: nothing, addEventListener: nothing });
globalThis.matchMedia = () => ({ addEventListener: nothing, removeEventListener: nothing });

const uPlot = require("uplot");
const written = uPlot.fmtDate("{HH}:{mm}");
for (const at of process.argv.slice(2)) console.log(at, written(uPlot.tzDate(new Date(at), "UTC")));
JS
labels() {
    TZ="$1" timeout 50 node labels.cjs \
        2026-03-29T00:30Z 2026-03-29T01:30Z 2026-03-29T02:30Z 2026-03-29T03:30Z \
        2026-10-25T00:30Z 2026-10-25T01:30Z 2026-10-25T02:30Z
}
labels UTC > utc
labels Europe/Berlin > berlin
echo "in UTC, and in Berlin:"
join utc berlin
wrong="$(join utc berlin | awk '$2 != $3 { print $1 }' | paste -sd ' ')"
right="$(awk 'substr($1, 12, 5) == $2' utc | wc -l)"
if [[ "$wrong" != "2026-03-29T01:30Z 2026-03-29T02:30Z 2026-10-25T01:30Z" || "$right" != 7 ]]; then
    echo "Not as stated any more: UTC is wrong in Berlin at: ${wrong:-no time}" >&2
    exit 1
fi
echo "As stated: three labels in UTC are an hour wrong in Berlin."
