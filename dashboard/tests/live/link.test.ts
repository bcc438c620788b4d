import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../../src/api/identity";
import type { SessionState } from "../../src/api/session";
import { Link } from "../../src/live/link";
import { Watched } from "../../src/live/watched";

/** Stands in for Socket.IO's client: it connects when told, and what the gateway says is called by hand. */
class Socket {
  connected = false;
  recovered = false;
  connects = 0;
  sent: [string, unknown][] = [];
  acknowledge: () => void = () => {};
  #handlers = new Map<string, (payload?: unknown) => void>();

  on(name: string, handler: (payload?: unknown) => void) {
    this.#handlers.set(name, handler);
  }
  off() {
    this.#handlers.clear();
  }
  emit(name: string, argument: unknown, acknowledge: () => void) {
    this.sent.push([name, argument]);
    this.acknowledge = acknowledge;
  }
  connect() {
    this.connects += 1;
    return this;
  }
  disconnect() {
    this.connected = false;
    return this;
  }
  says(name: string, payload?: unknown) {
    this.#handlers.get(name)?.(payload);
  }
  joins(recovered = false) {
    this.connected = true;
    this.recovered = recovered;
    this.says("auth-success", {});
  }
  loses(why = "transport close") {
    this.connected = false;
    this.says("disconnect", why);
  }
}

function sessionOf(user: string, token = `token of ${user}`): SessionState {
  const session = { token, user: { id: user, role: "admin" }, organization: { id: "acme" } } as Session;
  return { status: "in", session, renewable: true };
}

class FakeSession {
  state: SessionState = { status: "unknown" };
  refreshes = 0;
  onRefresh: () => void = () => {};
  #listener: (state: SessionState, before: SessionState) => void = () => {};

  get current() {
    return this.state.status === "in" ? this.state.session : undefined;
  }
  subscribe = (listener: (state: SessionState, before: SessionState) => void) => {
    this.#listener = listener;
    return () => {};
  };
  async token() {
    return this.current?.token ?? "";
  }
  async refresh() {
    this.refreshes += 1;
    this.onRefresh();
  }
  becomes(state: SessionState) {
    const before = this.state;
    this.state = state;
    this.#listener(state, before);
  }
}

let sockets: Socket[];
let options: { auth?: unknown }[];
let session: FakeSession;
let link: Link;
const newest = () => sockets.at(-1) as Socket;

beforeEach(() => {
  vi.useFakeTimers();
  [sockets, options, session] = [[], [], new FakeSession()];
  const connect = (_gateway: string | undefined, given: { auth?: unknown }) => {
    options.push(given);
    sockets.push(new Socket());
    return newest() as never;
  };
  link = new Link({ session, connect, now: Date.now, onWake: () => {} });
  link.start();
});
afterEach(() => void vi.useRealTimers());

async function credentials(): Promise<unknown> {
  const { auth } = options.at(-1) as { auth: (give: (value: unknown) => void) => void };
  return new Promise((resolve) => auth(resolve));
}

test("without a session there is no socket, and with one its handshake has the token and what is watched", async () => {
  expect(sockets).toHaveLength(0);
  session.becomes(sessionOf("ada"));
  link.watch("task-1");
  expect(await credentials()).toEqual({ token: "token of ada", recover: true, watch: ["task-1"] });
});

test("a new token of the same user is handed over without a reconnect", () => {
  session.becomes(sessionOf("ada"));
  newest().joins();
  session.becomes(sessionOf("ada", "another"));
  expect(sockets).toHaveLength(1);
  expect(newest().sent).toEqual([["refresh-token", { token: "another" }]]);
});

test("another user gets another socket, and nothing of the old one's is heard", () => {
  const heard: unknown[] = [];
  link.on("resync", (payload) => heard.push(payload));
  session.becomes(sessionOf("ada"));
  const [old] = sockets;
  newest().joins();
  session.becomes(sessionOf("bob"));
  expect(sockets).toHaveLength(2);
  old?.says("resync", { reason: "late" });
  expect(heard).toEqual([]);
  expect(old?.connected).toBe(false);
});

test("logged out it is signed out, whatever comes late", () => {
  session.becomes(sessionOf("ada"));
  newest().joins();
  session.becomes({ status: "out" });
  expect(link.state.name).toBe("signed out");
  vi.advanceTimersByTime(5000);
  expect(link.state.name).toBe("signed out");
});

test("a refused token is renewed and the socket comes back; a session that is over stays away", async () => {
  session.becomes(sessionOf("ada"));
  newest().joins();
  newest().says("auth-error", { error: "Invalid or expired token" });
  await vi.advanceTimersByTimeAsync(0);
  expect([session.refreshes, newest().connects]).toEqual([1, 2]);
  session.onRefresh = () => session.becomes({ status: "out" });
  newest().says("auth-error", {});
  await vi.advanceTimersByTimeAsync(60_000);
  expect(newest().connects).toBe(2);
  expect(link.state.name).toBe("signed out");
});

test("a gateway that goes on refusing is asked less and less often", async () => {
  session.becomes(sessionOf("ada"));
  for (let minute = 0; minute < 10; minute += 1) {
    const before = newest().connects;
    newest().says("auth-error", {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(newest().connects).toBe(before + 1);
  }
  const before = newest().connects;
  newest().says("auth-error", {});
  await vi.advanceTimersByTimeAsync(29_000);
  expect(newest().connects).toBe(before);
});

test("2 s without a connection are offline, and a refusal with a code comes back by itself", async () => {
  session.becomes(sessionOf("ada"));
  newest().joins();
  newest().loses();
  await vi.advanceTimersByTimeAsync(1999);
  expect(link.state.name).toBe("live");
  await vi.advanceTimersByTimeAsync(1);
  expect(link.state.name).toBe("offline");
  newest().says("connect_error", Object.assign(new Error("no"), { data: { code: "TOO_MANY_SOCKETS_OF_USER" } }));
  expect(link.state.history[0]?.what).toContain("TOO_MANY_SOCKETS_OF_USER");
  await vi.advanceTimersByTimeAsync(1000);
  expect(newest().connects).toBe(2);
});

test("tries that fail again and again do not put off that it is offline, and each loss counts anew", async () => {
  session.becomes(sessionOf("ada"));
  for (let loss = 0; loss < 2; loss += 1) {
    newest().joins();
    newest().loses();
    for (let tries = 0; tries < 3; tries += 1) {
      await vi.advanceTimersByTimeAsync(499);
      newest().says("connect_error", new Error("websocket error"));
    }
    expect(link.state.name).toBe("live");
    await vi.advanceTimersByTimeAsync(600);
    expect(link.state.name).toBe("offline");
  }
});

test("unknown events and payloads of another shape are ignored", () => {
  const heard: unknown[] = [];
  link.on("execution-updated", (payload) => heard.push(payload));
  link.on("execution-log", (payload) => heard.push(payload));
  session.becomes(sessionOf("ada"));
  newest().joins();
  for (const payload of [undefined, null, 7, "x", [], {}, { taskId: 1 }, { taskId: "a", rev: "1" }]) {
    newest().says("execution-updated", payload);
    newest().says("resync", payload);
    newest().says("execution-log", payload);
    newest().says("brand-new-event", payload);
  }
  expect(heard).toEqual([]);
  newest().says("execution-updated", { taskId: "a", status: "RUNNING", rev: 1, createdAt: "x" });
  expect(heard).toHaveLength(1);
});

test("a worker's own report, which has no rev, has its execution read again, and is no change of the link", () => {
  const heard: unknown[] = [];
  link.on("resync", (payload) => heard.push(payload));
  session.becomes(sessionOf("ada"));
  newest().joins();
  const before = link.state;
  newest().says("execution-updated", { taskId: "a", organizationId: "acme", status: "PASSED", reason: "x" });
  expect(heard).toEqual([{ reason: "report", taskId: "a" }]);
  expect(link.state).toBe(before);
});

test("a listener that fails does not keep others from hearing", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const heard: unknown[] = [];
  link.on("resync", () => {
    throw new Error("a mistake");
  });
  link.on("resync", (payload) => heard.push(payload));
  session.becomes(sessionOf("ada"));
  newest().says("resync", { reason: "x" });
  expect(heard).toHaveLength(1);
});

test("each joining says whether anything was missed", () => {
  const joined: boolean[] = [];
  link.onJoined((recovered) => joined.push(recovered));
  session.becomes(sessionOf("ada"));
  newest().joins(false);
  newest().loses();
  newest().joins(true);
  expect(joined).toEqual([false, true]);
  newest().says("drain", { withinMs: 100 });
  expect(link.state.name).toBe("moving");
});

test("what is looked at, or left, while a connection begins is told once it is there", async () => {
  session.becomes(sessionOf("ada"));
  const leave = link.watch("early");
  expect(await credentials()).toMatchObject({ watch: ["early"] });
  link.watch("late");
  leave();
  newest().joins();
  expect(newest().sent).toEqual([
    ["watch", { taskId: "late" }],
    ["unwatch", { taskId: "early" }],
  ]);
});

test("what was published before watching began is to be read", () => {
  const heard: unknown[] = [];
  link.on("resync", (payload) => heard.push(payload));
  session.becomes(sessionOf("ada"));
  newest().joins();
  link.watch("task-1");
  expect(heard).toEqual([]);
  newest().acknowledge();
  expect(heard).toEqual([{ reason: "watching", taskId: "task-1" }]);
});

test("watching is told once for many, and ends with the last", () => {
  const told: string[] = [];
  const watched = new Watched((event, taskId) => told.push(`${event} ${taskId}`));
  const [first, second] = [watched.add("a"), watched.add("a")];
  watched.add("b");
  first();
  first();
  expect(watched.all).toEqual(["a", "b"]);
  second();
  expect(watched.all).toEqual(["b"]);
  expect(told).toEqual(["watch a", "watch b", "unwatch a"]);
});
