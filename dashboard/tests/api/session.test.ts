import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../../src/api/identity";
import { ApiError } from "../../src/api/problem";
import { isOther, PageSession, type Parts } from "../../src/api/session";

const MINUTE = 60_000;
let made = 0;

function given(user = "ada", organization = "acme", lastsMs = 15 * MINUTE): Session {
  made += 1;
  const owner = { id: user, organizationId: organization, role: "admin" } as Session["user"];
  const expiresAt = new Date(Date.now() + lastsMs).toISOString();
  return {
    token: `token ${made}`,
    expiresAt,
    user: owner,
    organization: { id: organization } as Session["organization"],
  };
}

type Heard = Parameters<Parts["tabs"]["listen"]>[0];

/** A browser: tabs that hear each other, one lock, and an api that answers `refresh` as it is told. */
class Browser {
  refreshes = 0;
  ends = 0;
  refresh: () => Promise<Session> = async () => given();
  end: () => Promise<void> = async () => undefined;
  #lock: Promise<unknown> = Promise.resolve();
  #tabs: Heard[] = [];

  tab(): PageSession {
    let mine: Heard | undefined;
    return new PageSession({
      refresh: () => {
        this.refreshes += 1;
        return this.refresh();
      },
      end: () => {
        this.ends += 1;
        return this.end();
      },
      alone: (work) => {
        const run = this.#lock.then(work);
        this.#lock = run.catch(() => undefined);
        return run;
      },
      now: Date.now,
      tabs: {
        listen: (heard) => {
          mine = heard;
          this.#tabs.push(heard);
        },
        tell: (session) => {
          for (const each of this.#tabs.filter((tab) => tab !== mine)) {
            if (session) each.took(session);
            else each.left();
          }
        },
      },
    });
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a reload has the session back by its cookie, and none ends logged out without a reason", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  await tab.refresh();
  expect(tab.state.status).toBe("in");
  browser.refresh = () => Promise.reject(new ApiError("no cookie", "SESSION_ENDED", { status: 401 }));
  const other = browser.tab();
  await other.refresh();
  expect(other.state).toEqual({ status: "out" });
});

test("two tabs that refresh at once make one call, and both have its token", async () => {
  const browser = new Browser();
  const [one, two] = [browser.tab(), browser.tab()];
  await one.refresh();
  expect(two.current?.token).toBe(one.current?.token);
  const worn = one.current?.token;
  await Promise.all([one.refresh(worn), two.refresh(worn), one.refresh(worn)]);
  expect(browser.refreshes).toBe(2);
  expect(two.current?.token).toBe(one.current?.token);
  expect(one.current?.token).not.toBe(worn);
});

test("a token is renewed a minute before its end, by itself, for ever", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab.enter(given());
  await vi.advanceTimersByTimeAsync(13 * MINUTE);
  expect(browser.refreshes).toBe(0);
  await vi.advanceTimersByTimeAsync(1 * MINUTE + 1);
  expect(browser.refreshes).toBe(1);
  await vi.advanceTimersByTimeAsync(14 * MINUTE + 1);
  expect(browser.refreshes).toBe(2);
});

test("an api that is away does not log anybody out: it is asked again", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab.enter(given());
  browser.refresh = () => Promise.reject(new ApiError("away", "UNREACHABLE"));
  await expect(tab.refresh()).rejects.toMatchObject({ code: "UNREACHABLE" });
  expect(tab.state.status).toBe("in");
  browser.refresh = async () => given();
  await vi.advanceTimersByTimeAsync(6000);
  expect(browser.refreshes).toBe(2);
});

test("an api that is away at the beginning leaves it unknown, with the error", async () => {
  const browser = new Browser();
  browser.refresh = () => Promise.reject(new ApiError("failed", "SERVER_ERROR", { status: 503 }));
  const tab = browser.tab();
  await expect(tab.refresh()).rejects.toThrow();
  expect(tab.state).toMatchObject({ status: "unknown", unreachable: { code: "SERVER_ERROR" } });
});

test("a session that was ended leads out, with the reason", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab.enter(given());
  browser.refresh = () => Promise.reject(new ApiError("over", "SESSION_ENDED", { status: 401 }));
  await tab.refresh();
  expect(tab.state).toMatchObject({ status: "out", reason: expect.stringContaining("Log in again") });
  await expect(tab.token()).rejects.toMatchObject({ code: "SIGNED_OUT", temporary: false });
});

test("a log-out reaches every tab, and one that the api was not told of none", async () => {
  const browser = new Browser();
  const [one, two] = [browser.tab(), browser.tab()];
  one.enter(given());
  browser.end = () => Promise.reject(new ApiError("away", "UNREACHABLE"));
  await expect(one.logOut()).rejects.toThrow();
  expect([one.state.status, two.state.status]).toEqual(["in", "in"]);
  browser.end = async () => undefined;
  await two.logOut();
  expect([one.state.status, two.state.status]).toEqual(["out", "out"]);
});

test("who logs in in one tab is who all tabs are, and that is told from a new token of the same", () => {
  const browser = new Browser();
  const [one, two] = [browser.tab(), browser.tab()];
  const others: boolean[] = [];
  two.subscribe((state, before) => others.push(isOther(state, before)));
  one.enter(given("ada", "acme"));
  one.enter(given("ada", "acme", 16 * MINUTE));
  one.enter(given("bob", "globex", 1 * MINUTE));
  expect(others).toEqual([true, false, true]);
  expect(two.current?.user.id).toBe("bob");
});

test("an older token of another tab does not replace a newer one", () => {
  const browser = new Browser();
  const [one, two] = [browser.tab(), browser.tab()];
  one.enter(given("ada", "acme", 15 * MINUTE));
  const newer = one.current?.token;
  two.enter(given("ada", "acme", 5 * MINUTE));
  expect(one.current?.token).toBe(newer);
});

test("a provider's token is used as it is, and once refused it is asked for again", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab.enterWith(given("ada", "acme", 1000));
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect(browser.refreshes).toBe(0);
  expect(await tab.token()).toBe(tab.current?.token);
  await tab.refresh(tab.current?.token);
  expect(tab.state).toMatchObject({ status: "out", reason: expect.any(String) });
  expect([browser.refreshes, browser.ends]).toEqual([0, 0]);
});

test("a call just before the end waits for the next token; after sleep it is renewed at once", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  tab.enter(given("ada", "acme", 2000));
  const old = tab.current?.token;
  expect(await tab.token()).not.toBe(old);
  vi.setSystemTime(Date.now() + 24 * 60 * MINUTE);
  tab.wake();
  await vi.advanceTimersByTimeAsync(1);
  expect(browser.refreshes).toBe(2);
});
