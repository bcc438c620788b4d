/** The link to the gateway as people see it: one pure state machine, and the last changes with what they cost. */

export type LinkName = "connecting" | "live" | "catching up" | "moving" | "offline" | "signed out";

/** One thing that happened; `lines` were read again because of it, and `open` ones may still cost more. */
export interface Change {
  at: number;
  what: string;
  lines: number;
  open: boolean;
}

export interface LinkState {
  name: LinkName;
  /** When `name` became so, in milliseconds of the server's clock. */
  since: number;
  connected: boolean;
  /** When and why the connection was lost, while it is. */
  lost: { at: number; why: string } | undefined;
  draining: boolean;
  /** What is being read, by whom, and how many chunks are due. */
  due: ReadonlyMap<string, number>;
  /** The last changes, newest first. */
  history: readonly Change[];
}

export type LinkEvent = { at: number } & (
  | { type: "opened" }
  | { type: "joined"; recovered: boolean }
  | { type: "lost"; why: string }
  | { type: "silent" }
  | { type: "draining" }
  | { type: "refused"; why: string }
  | { type: "signed out" }
  | { type: "resync"; why: string }
  | { type: "due"; reader: string; chunks: number }
  | { type: "level"; reader: string; lines: number }
);

/** So many changes are kept. */
export const KEPT = 20;
/** Without a connection for so long, the link is `offline`. */
export const SILENCE_MS = 2000;

export function openingState(at: number): LinkState {
  return {
    name: "connecting",
    since: at,
    connected: false,
    lost: undefined,
    draining: false,
    due: new Map(),
    history: [],
  };
}

/** Returns the state after an event. What means nothing in a state leaves it as it is. */
export function next(state: LinkState, event: LinkEvent): LinkState {
  const after = changed(state, event);
  const name = named(after, event);
  return name === after.name ? after : { ...after, name, since: event.at };
}

/** Says one change in words, as the popover lists it, without its time. */
export function told(change: Change): string {
  return change.lines > 0 ? `${change.what}, ${change.lines.toLocaleString("en")} lines read again` : change.what;
}

/** How many chunks are due to all readers. */
export function chunksDue(state: LinkState): number {
  return [...state.due.values()].reduce((sum, chunks) => sum + chunks, 0);
}

function changed(state: LinkState, event: LinkEvent): LinkState {
  switch (event.type) {
    case "opened":
      return { ...openingState(event.at), history: state.history };
    case "joined":
      return joined(state, event.at, event.recovered);
    case "lost":
      return state.lost ? state : { ...state, connected: false, lost: { at: event.at, why: event.why } };
    case "draining":
      return { ...state, draining: true };
    case "refused":
      return noted(
        { ...state, connected: false, lost: state.lost ?? { at: event.at, why: event.why } },
        event.at,
        event.why,
      );
    case "signed out":
      return noted({ ...state, connected: false, lost: undefined, due: new Map() }, event.at, "logged out");
    case "resync":
      return noted(state, event.at, `resync (${event.why})`, true);
    case "due":
      return { ...state, due: new Map(state.due).set(event.reader, event.chunks) };
    case "level":
      return levelled(state, event.reader, event.lines);
    case "silent":
      return state;
  }
}

function named(state: LinkState, event: LinkEvent): LinkName {
  if (event.type === "signed out") return "signed out";
  if (event.type === "opened") return "connecting";
  if (state.name === "signed out" && event.type !== "joined") return "signed out";
  if (event.type === "silent" || event.type === "refused") return state.connected ? state.name : "offline";
  if (!state.connected) return event.type === "draining" ? "moving" : state.name;
  if (state.draining) return "moving";
  return state.due.size > 0 ? "catching up" : "live";
}

function joined(state: LinkState, at: number, recovered: boolean): LinkState {
  const now = { ...state, connected: true, lost: undefined, draining: false };
  const first = !state.lost && state.name === "connecting";
  return noted(now, at, first ? "connected" : `${cause(state, at)}, ${found(recovered)}`, !recovered && !first);
}

function cause(state: LinkState, at: number): string {
  if (!state.lost) return "connected anew";
  const what = state.draining ? "gateway left" : `connection lost (${state.lost.why})`;
  return `${what}, back after ${(Math.max(0, at - state.lost.at) / 1000).toFixed(1)} s`;
}

function found(recovered: boolean): string {
  return recovered ? "recovered, nothing missed" : "not recovered, so everything is read again";
}

function levelled(state: LinkState, reader: string, lines: number): LinkState {
  const due = new Map(state.due);
  due.delete(reader);
  const [newest, ...older] = state.history;
  if (!newest?.open) return { ...state, due };
  return { ...state, due, history: [{ ...newest, lines: newest.lines + lines }, ...older] };
}

function noted(state: LinkState, at: number, what: string, open = false): LinkState {
  const [newest, ...older] = state.history;
  if (newest?.what === what) return { ...state, history: [{ ...newest, at, open }, ...older] };
  return { ...state, history: [{ at, what, lines: 0, open }, ...state.history].slice(0, KEPT) };
}
