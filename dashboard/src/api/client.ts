/** The calls of the page: typed by the api's own document, with the session's token, and one kind of error. */
import createClient from "openapi-fetch";
import { serverClock } from "./clock";
import { identityOf } from "./identity";
import { ApiError, isJson, problemOf, unexpected, unreachable } from "./problem";
import type { paths } from "./schema";
import { session } from "./session";

const TIMEOUT_MS = 30_000;
/** Calls that anybody may make: they carry no token, so that one that is worn does not get them refused. */
const OPEN = [
  "/api/config",
  "/api/auth/login",
  "/api/auth/signup",
  "/api/auth/password-reset",
  "/api/invitations/accept",
];

/** The calls; give them to `answer`. */
export const api = createClient<paths>({ baseUrl: "", fetch: (request) => call(request) });

/** Returns what a call answered. Throws `ApiError`, or an AbortError where its own `signal` gave it up. */
export async function answer<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, response } = await asked.catch((error) => Promise.reject(unreachable(error)));
  if (data === undefined && response.status !== 204) throw unexpected(response);
  return data as T;
}

/** Reads JSON from a path of the api that is made up as one goes; `query` without what is undefined. */
export async function read(
  path: string,
  query: Record<string, string | number | undefined> = {},
  signal?: AbortSignal,
): Promise<unknown> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const url = new URL(given.length ? `${path}?${search}` : path, location.origin);
  const response = await call(new Request(url, signal ? { signal } : {}));
  return response.json().catch((error: unknown) => Promise.reject(unreachable(error)));
}

/** Downloads text from a path of the api, which may take as long as it likes. */
export async function download(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await sent(new Request(new URL(path, location.origin), signal ? { signal } : {}));
  return response.blob().catch((error: unknown) => Promise.reject(unreachable(error)));
}

async function call(request: Request): Promise<Response> {
  const inTime = new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  const response = await sent(inTime);
  if (response.status !== 204 && !isJson(response)) throw unexpected(response);
  return response;
}

/** Sends a call, and once more with another token where its own was refused. Throws for all that is not 2xx. */
async function sent(request: Request): Promise<Response> {
  const open = OPEN.includes(new URL(request.url).pathname) || request.headers.has("Authorization");
  const token = open ? undefined : await session.token();
  const again = request.clone();
  const response = await dispatched(request, token);
  if (response.ok) return response;
  if (response.status !== 401 || open) throw await problemOf(response);
  const asker = session.current;
  await session.refresh(token);
  if (asker && session.current && identityOf(asker) !== identityOf(session.current)) {
    throw new ApiError("Somebody else logged in meanwhile, or your role changed. Try again.", "OTHER_USER", {
      status: 401,
    });
  }
  const second = await dispatched(again, await session.token());
  if (second.ok) return second;
  const problem = await problemOf(second);
  if (problem.status === 401) session.leave("Your session has ended. Log in again.");
  throw problem;
}

async function dispatched(request: Request, token: string | undefined): Promise<Response> {
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  const calledAt = Date.now();
  try {
    const response = await fetch(request);
    serverClock.heard(response.headers.get("date"), calledAt);
    return response;
  } catch (error) {
    throw unreachable(error);
  }
}

export { ApiError };
