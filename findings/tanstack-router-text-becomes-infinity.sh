#!/usr/bin/env bash
# TanStack Router reads `?q=12e4567`, a commit as git abbreviates it, as the number Infinity, and makes links of that.
#
# Versions: @tanstack/react-router 1.170.46, react and react-dom 19.3.1 (npm); seen on Node.js 20.20.
#
# One would expect (written before the run): 12 and true become a number and a boolean, as the documentation says. What
# is not written as JavaScript writes that number is text, so that nothing is lost and a link stays the same.
#
# Instead: whatever JSON.parse takes becomes a value, before `validateSearch` is asked, which cannot get the text back.
# The router's own location, of which links and the next URL are made, has the value written out anew. Seen:
#   ?q=12e4567                  validateSearch is given Infinity               location ?q=Infinity
#   ?q=12345678901234567890     validateSearch is given 12345678901234567000   location ?q=12345678901234567000
#   ?q=3.10                     validateSearch is given 3.1                    location ?q=3.1
#   ?q=0123                     validateSearch is given "0123"                 location ?q=0123
#   ?q=ab3e4567                 validateSearch is given "ab3e4567"             location ?q=ab3e4567
# And `?q=Infinity` is read as the text, so that what the first line left is read as something else the next time.
#
# Where it matters here: dashboard, src/search.ts: the router is given a parser and a writer of ours, which keep text.
#
# Upstream: https://github.com/TanStack/router/issues/7650
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 npm install --silent --no-audit --no-fund \
    @tanstack/react-router@1.170.46 react@19.3.1 react-dom@19.3.1

cat > search.mjs <<'JS'
import { createMemoryHistory, createRootRoute, createRoute, createRouter } from "@tanstack/react-router";

const TEXTS = ["12e4567", "12345678901234567890", "3.10", "0123", "ab3e4567"];
const LOST = TEXTS.slice(0, 3);

/** What the route's own check is given for a text in a URL, and the location that the router makes of it. */
async function opened(text) {
  let given;
  const root = createRootRoute();
  const list = createRoute({
    getParentRoute: () => root,
    path: "/",
    validateSearch: (search) => {
      given ??= search.q;
      return search;
    },
  });
  const history = createMemoryHistory({ initialEntries: [`/?q=${text}`] });
  const router = createRouter({ routeTree: root.addChildren([list]), history });
  await router.load();
  return { given, location: router.state.location.searchStr };
}

const written = (value) => (typeof value === "string" ? JSON.stringify(value) : String(value));
let asStated = true;
for (const text of TEXTS) {
  const { given, location } = await opened(text);
  console.log(`?q=${text}`.padEnd(27), `validateSearch is given ${written(given).padEnd(22)} location ${location}`);
  const lost = typeof given === "number" && location !== `?q=${text}`;
  const kept = given === text && location === `?q=${text}`;
  asStated &&= LOST.includes(text) ? lost : kept;
}
asStated &&= (await opened("12e4567")).given === Number.POSITIVE_INFINITY;
asStated &&= (await opened("Infinity")).given === "Infinity";
if (!asStated) console.error("Not as stated any more: text stays text, or other text becomes a number.");
else console.log("As stated: text in a URL became a number, and the URL is another one.");
process.exit(asStated ? 0 : 1);
JS
timeout 50 node search.mjs
