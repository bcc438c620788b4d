/** The session of this page: its token, in memory only, kept fresh by the cookie and shared with this browser's tabs. */
import { serverClock } from "./clock";
import { identityOf, type Session } from "./identity";
import { ApiError } from "./problem";
import * as calls from "./session-calls";
import { Tabs } from "./tabs";

/** `unknown` until the first refresh was answered; `unreachable` is the error of one that was not. */
export type SessionState =
  | { status: "unknown"; unreachable?: ApiError }
  | { status: "out"; reason?: string }
  | { status: "in"; session: Session; renewable: boolean };

type Listener = (state: SessionState, before: SessionState) => void;

const EARLY_MS = 60_000;
const ALMOST_MS = 5_000;
const AGAIN_MS = 5_000;
const ENDED = "Your session has ended. Log in again.";
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a session needs of the world; tests give others. */
export interface Parts {
  refresh: () => Promise<Session>;
  end: () => Promise<void>;
  /** Runs one at a time over all tabs. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  now: () => number;
  tabs: Pick<Tabs, "tell" | "listen">;
}

/** Holds who is logged in. Every change is told to listeners in this tab, and to the other tabs. */
export class PageSession {
  #state: SessionState = { status: "unknown" };
  #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(private readonly parts: Parts) {
    parts.tabs.listen({ took: (session) => this.#adopt(session), left: () => this.#set({ status: "out" }) });
  }

  get state(): SessionState {
    return this.#state;
  }

  get current(): Session | undefined {
    return this.#state.status === "in" ? this.#state.session : undefined;
  }

  /** Calls back on every change; returns what stops it. */
  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes what a log-in, a sign-up or a change of password answered. */
  enter(session: Session): void {
    this.#set({ status: "in", session, renewable: true });
    this.parts.tabs.tell(session);
  }

  /** Takes a token of an identity provider's, which nothing can renew. */
  enterWith(session: Session): void {
    this.#set({ status: "in", session, renewable: false });
  }

  /** Forgets who is logged in, here only: the api said that it is over. */
  leave(reason?: string): void {
    this.#set(reason ? { status: "out", reason } : { status: "out" });
  }

  /** Logs out: the cookie's session ends, and every tab forgets. Throws where the api could not be told. */
  async logOut(): Promise<void> {
    if (this.#state.status === "in" && this.#state.renewable) await this.parts.end();
    this.#set({ status: "out" });
    this.parts.tabs.tell(undefined);
  }

  /** Returns a token that is good for a while yet. Throws `ApiError`: signed out, or the api cannot be asked. */
  async token(): Promise<string> {
    if (!this.current || (this.#renewable && this.#left(this.current) < ALMOST_MS)) await this.refresh();
    if (!this.current) throw new ApiError("You are logged out. Log in again.", "SIGNED_OUT", { status: 401 });
    return this.current.token;
  }

  /**
   * Gets another token than `worn`, which was refused or is about to end; one at a time over all tabs, and not at all
   * where another tab was faster. Without a session it ends `out`; an api that cannot be asked throws.
   */
  refresh(worn: string | undefined = this.current?.token): Promise<void> {
    this.#refreshing ??= this.#renew(worn).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Looks after the session where the page slept: its timer may be late, and another tab may have logged out. */
  wake(): void {
    if (this.#state.status === "in" && this.#left(this.#state.session) > EARLY_MS) return;
    this.refresh().catch(() => undefined);
  }

  get #renewable(): boolean {
    return this.#state.status === "in" && this.#state.renewable;
  }

  async #renew(worn: string | undefined): Promise<void> {
    if (this.#state.status === "out") return;
    if (this.#state.status === "in" && !this.#state.renewable) {
      this.leave("Your token is not good any more. Give another one.");
      return;
    }
    try {
      await this.parts.alone(async () => {
        if (this.current && this.current.token !== worn) return;
        this.enter(await this.parts.refresh());
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (!error.temporary) {
      this.leave(this.#state.status === "in" ? ENDED : undefined);
      return;
    }
    if (this.#state.status === "unknown") this.#set({ status: "unknown", unreachable: error });
    else this.#wake(error.retryAfterMs ?? AGAIN_MS);
    throw error;
  }

  /** Takes what another tab has: somebody else, or a later token. */
  #adopt(session: Session): void {
    const mine = this.current;
    const later = !mine || Date.parse(session.expiresAt) >= Date.parse(mine.expiresAt);
    if (later || identityOf(session) !== identityOf(mine)) this.#set({ status: "in", session, renewable: true });
  }

  #set(state: SessionState): void {
    const before = this.#state;
    this.#state = state;
    clearTimeout(this.#timer);
    if (state.status === "in") this.#wake(Math.max(this.#left(state.session) - EARLY_MS, ALMOST_MS));
    for (const listener of this.#listeners) listener(state, before);
  }

  #left(session: Session): number {
    return Date.parse(session.expiresAt) - this.parts.now();
  }

  #wake(inMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#renewable) return;
    this.#timer = setTimeout(() => this.refresh().catch(() => undefined), Math.min(inMs, LONGEST_TIMER_MS));
  }
}

/** Whether a change is to somebody else, so that nothing that was read before may be shown any more. */
export function isOther(state: SessionState, before: SessionState): boolean {
  const [now, then] = [state, before].map((each) => (each.status === "in" ? identityOf(each.session) : undefined));
  return now !== then;
}

/** The one session of this page. */
export const session = new PageSession({
  refresh: calls.refresh,
  end: calls.end,
  alone: calls.alone,
  now: () => serverClock.now(),
  tabs: new Tabs("runcast session"),
});
