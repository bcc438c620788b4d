/** The two calls that read the session's cookie, and the lock that keeps tabs from making them at once. */
import { serverClock } from "./clock";
import { isSession, type Session } from "./identity";
import { ApiError, isJson, problemOf, unexpected, unreachable } from "./problem";

const TIMEOUT_MS = 15_000;
const LOCK = "runcast session";

/** Gets the next token by the cookie, which is replaced by another one. */
export async function refresh(): Promise<Session> {
  const response = await asked("POST", "/api/auth/refresh");
  if (!isJson(response)) throw unexpected(response);
  const body: unknown = await response.json().catch((error) => Promise.reject(unreachable(error)));
  if (!isSession(body))
    throw new ApiError("The server's answer is no session. Try again.", "NOT_JSON", { status: 502 });
  return body;
}

/** Ends the cookie's session; one that had ended is well, too. */
export async function end(): Promise<void> {
  try {
    await asked("DELETE", "/api/auth/session");
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 400)) throw error;
  }
}

/** Runs `work` while no other tab of this browser does; where there are no locks (plain HTTP), at once. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  const locks: LockManager | undefined = navigator.locks;
  return locks ? await locks.request(LOCK, work) : await work();
}

async function asked(method: string, path: string): Promise<Response> {
  const calledAt = Date.now();
  const init = { method, headers: { "X-Runcast": "1" }, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(path, init).catch((error) => Promise.reject(unreachable(error)));
  serverClock.heard(response.headers.get("date"), calledAt);
  if (!response.ok) throw await problemOf(response);
  return response;
}
