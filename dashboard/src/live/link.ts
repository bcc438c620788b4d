/** The only socket of the page: Socket.IO's own client, its token kept fresh, its state told as `link-state` says it. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { serverClock } from "../api/clock";
import { isOther, type PageSession, session } from "../api/session";
import { type Events, isEvent, isReport } from "./events";
import { type LinkEvent, type LinkState, next, openingState, SILENCE_MS } from "./link-state";
import { Listeners } from "./listeners";
import { onWake } from "./wake";
import { Watched } from "./watched";

export type Handler<Name extends keyof Events> = (payload: Events[Name]) => void;
type Options = Partial<ManagerOptions & SocketOptions>;
type Told = LinkEvent extends infer Event ? (Event extends { at: number } ? Omit<Event, "at"> : never) : never;

const OPTIONS: Options = {
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelay: 250,
  reconnectionDelayMax: 10_000,
  autoConnect: false,
};
const LONGEST_WAIT_MS = 30_000;

/** What a link needs of the world; tests give others. */
export interface Parts {
  session: Pick<PageSession, "state" | "current" | "token" | "refresh" | "subscribe">;
  /** Makes a socket, to this page's own origin unless another is given. */
  connect: (gateway: string | undefined, options: Options) => Socket;
  now: () => number;
  /** Calls back when the page may have slept, or the network is back. */
  onWake: (handler: () => void) => void;
}

/** Connects while somebody is logged in. Listeners of events hear what the gateway relays, each event once. */
export class Link {
  #state: LinkState;
  #gateway: string | undefined;
  #socket: Socket | undefined;
  #changed = new Listeners<[]>();
  #brought = { "execution-updated": new Listeners(), "execution-log": new Listeners(), resync: new Listeners() } as {
    [Name in keyof Events]: Listeners<[Events[Name]]>;
  };
  #joined = new Listeners<[recovered: boolean]>();
  #watched = new Watched((event, taskId) => this.#watch(event, taskId));
  #begunWith: readonly string[] = [];
  #silence: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #refusals = 0;

  constructor(private readonly parts: Parts) {
    this.#state = openingState(parts.now());
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Calls back on every change of `state`; returns what stops it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#changed.add(listener);

  /** Follows the session from now on: a socket to the gateway while somebody is logged in. */
  start(gateway?: string): void {
    this.#gateway = gateway;
    this.parts.session.subscribe((state, before) => {
      if (isOther(state, before)) this.#reopen();
      else if (state.status === "in") this.#hand("refresh-token", { token: state.session.token });
      if (state.status === "out") this.#tell({ type: "signed out" });
    });
    if (this.parts.session.current) this.#reopen();
    this.parts.onWake(() => this.tryNow());
  }

  /** Calls back for each event of that name; returns what stops it. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Name>): () => void {
    return this.#brought[name].add(handler);
  }

  /** Calls back after each joining: what was shown is to be read again unless it `recovered`. Returns what stops it. */
  onJoined(handler: (recovered: boolean) => void): () => void {
    return this.#joined.add(handler);
  }

  /** Has the output of an execution sent, until what it returns is called. */
  watch(taskId: string): () => void {
    return this.#watched.add(taskId);
  }

  /** Tells that a reader is behind by so many chunks, or, with `level`, that it is not any more. */
  due(reader: string, chunks: number): void {
    this.#tell({ type: "due", reader, chunks });
  }

  level(reader: string, lines: number): void {
    this.#tell({ type: "level", reader, lines });
  }

  /** Connects now instead of waiting for the next try. */
  tryNow(): void {
    clearTimeout(this.#again);
    if (this.#socket && !this.#socket.connected) this.#socket.disconnect().connect();
  }

  #reopen(): void {
    this.#close();
    if (!this.parts.session.current) return;
    this.#tell({ type: "opened" });
    this.#socket = this.parts.connect(this.#gateway, { ...OPTIONS, auth: (give) => this.#credentials().then(give) });
    this.#listen(this.#socket);
    this.#socket.connect();
    this.#awaitSilence();
  }

  #close(): void {
    this.#endSilence();
    clearTimeout(this.#again);
    this.#socket?.off();
    this.#socket?.disconnect();
    this.#socket = undefined;
    this.#refusals = 0;
  }

  /** A token that cannot be had now is sent as it is: the gateway's refusal leads to another try. */
  async #credentials(): Promise<object> {
    const token = await this.parts.session.token().catch(() => this.parts.session.current?.token ?? "");
    this.#begunWith = this.#watched.all;
    return { token, recover: true, watch: this.#begunWith };
  }

  /** Sends what only matters to this connection: the next one begins with all of it. */
  #hand(event: string, argument: object, done: () => void = () => {}): void {
    if (this.#socket?.connected) this.#socket.emit(event, argument, done);
  }

  /** Once it is acknowledged, output is sent: what was published between its being read and then is to be read. */
  #watch(event: "watch" | "unwatch", taskId: string): void {
    const begun = () => this.#brought.resync.call({ reason: "watching", taskId });
    this.#hand(event, { taskId }, event === "watch" ? begun : undefined);
  }

  /** What was looked at, or left, since this connection was begun with the others. */
  #watchSince(): void {
    const [before, now] = [this.#begunWith, this.#watched.all];
    for (const taskId of now) if (!before.includes(taskId)) this.#watch("watch", taskId);
    for (const taskId of before) if (!now.includes(taskId)) this.#watch("unwatch", taskId);
  }

  #listen(socket: Socket): void {
    socket.on("auth-success", () => this.#join(socket.recovered));
    socket.on("auth-error", () => void this.#renew());
    socket.on("token-expiring", () => void this.parts.session.refresh().catch(() => undefined));
    socket.on("drain", () => this.#tell({ type: "draining" }));
    socket.on("disconnect", (why) => this.#lose(why));
    socket.on("connect_error", (error) => this.#fail(error));
    for (const name of ["execution-updated", "execution-log", "resync"] as const) {
      socket.on(name, (payload: unknown) => this.#bring(name, payload));
    }
  }

  #join(recovered: boolean): void {
    this.#endSilence();
    this.#refusals = 0;
    this.#watchSince();
    this.#tell({ type: "joined", recovered });
    this.#joined.call(recovered);
  }

  #bring<Name extends keyof Events>(name: Name, payload: unknown): void {
    if (!isEvent(name, payload)) {
      if (isReport(name, payload)) this.#brought.resync.call({ reason: "report", taskId: payload.taskId });
      return;
    }
    if (name === "resync") this.#tell({ type: "resync", why: (payload as Events["resync"]).reason });
    this.#brought[name].call(payload);
  }

  #lose(why: string): void {
    this.#tell({ type: "lost", why });
    this.#awaitSilence();
  }

  /** An error with `data` is the gateway's refusal, after which Socket.IO's client does not come back by itself. */
  #fail(error: Error & { data?: { code?: string } }): void {
    this.#lose(error.message);
    if (!error.data?.code) return;
    this.#tell({ type: "refused", why: `refused (${error.data.code})` });
    this.#comeBack();
  }

  /** The token was refused: comes back with another one, unless the session is over. */
  async #renew(): Promise<void> {
    const refused = this.parts.session.current?.token;
    await this.parts.session.refresh(refused).catch(() => undefined);
    if (this.parts.session.current) this.#comeBack(this.#refusals === 0 ? 0 : undefined);
  }

  #comeBack(inMs = Math.min(1000 * 2 ** this.#refusals, LONGEST_WAIT_MS)): void {
    this.#refusals += 1;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#socket?.connect(), inMs);
  }

  /** Counts from the loss on, however many tries fail meanwhile. */
  #awaitSilence(): void {
    this.#silence ??= setTimeout(() => this.#tell({ type: "silent" }), SILENCE_MS);
  }

  #endSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  #tell(event: Told): void {
    const before = this.#state;
    this.#state = next(before, { ...event, at: this.parts.now() } as LinkEvent);
    if (this.#state !== before) this.#changed.call();
  }
}

/** The one link of this page. */
export const link = new Link({
  session,
  connect: (gateway, options) => (gateway ? io(gateway, options) : io(options)),
  now: () => serverClock.now(),
  onWake,
});
