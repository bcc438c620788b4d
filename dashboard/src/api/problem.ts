/** What went wrong with a call, whatever it was: one class, with the api's own words where it had some. */

/** Codes of our own, for what never came from the api. */
export type OwnCode = "UNREACHABLE" | "TIMEOUT" | "NOT_JSON" | "NO_CONTENT" | "SERVER_ERROR" | "REFUSED" | "SIGNED_OUT";

/** A field of a body that was refused, as `config.timeoutSeconds`, and why. */
export interface Fault {
  field: string;
  problem: string;
}

interface Details {
  status?: number;
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
  faults?: readonly Fault[];
}

/** A call that failed. `status` is 0 where no answer came; `temporary` says that asking again may help. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly faults: readonly Fault[];

  constructor(
    message: string,
    readonly code: string,
    { status = 0, requestId, retryAfterMs, faults = [] }: Details = {},
  ) {
    super(message);
    this.status = status;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.faults = faults;
  }

  get temporary(): boolean {
    return this.status === 0 ? this.code !== "SIGNED_OUT" : this.status >= 500 || this.status === 429;
  }
}

/** Reads an answer that was refused; what is no problem of the api's gets words of our own. */
export async function problemOf(response: Response): Promise<ApiError> {
  const details = detailsOf(response);
  const body = await told(response);
  if (body) {
    const faults = body.details.filter(isFault);
    return new ApiError(body.error, body.code ?? codeOf(response.status), { ...details, faults });
  }
  if (response.status >= 500) {
    return new ApiError(`The server failed (${response.status}). Try again in a moment.`, "SERVER_ERROR", details);
  }
  const what = isHtml(response) ? "a page of something in between, such as a proxy," : "the server";
  return new ApiError(`The call was refused (${response.status}) by ${what} without a reason.`, "REFUSED", details);
}

/** The error of an answer that is well, and yet not what was asked for: a proxy's page, or nothing at all. */
export function unexpected(response: Response): ApiError {
  const details = detailsOf(response);
  if (isHtml(response)) {
    const words = "A page came instead of data: something in between, such as a proxy or its log-in, answered. Reload.";
    return new ApiError(words, "NOT_JSON", details);
  }
  if (response.headers.get("content-length") === "0" || !response.headers.has("content-type")) {
    return new ApiError("The server answered with nothing. Try again.", "NO_CONTENT", details);
  }
  return new ApiError("The server's answer could not be read. Try again.", "NOT_JSON", details);
}

/** What `fetch` threw, as an error of ours; a call that its own caller gave up stays an AbortError. */
export function unreachable(thrown: unknown): unknown {
  if (thrown instanceof ApiError || !(thrown instanceof Error) || thrown.name === "AbortError") return thrown;
  if (thrown.name === "TimeoutError") {
    return new ApiError("The server did not answer in time. Try again.", "TIMEOUT");
  }
  if (thrown.name === "SyntaxError") {
    return new ApiError("The server's answer was cut off or is no JSON. Try again.", "NOT_JSON", { status: 502 });
  }
  return new ApiError("The server cannot be reached. Look at the connection, then try again.", "UNREACHABLE");
}

export function isJson(response: Response): boolean {
  return /^application\/([a-z.-]+\+)?json\b/i.test(response.headers.get("content-type") ?? "");
}

function isHtml(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
}

function detailsOf(response: Response): Details {
  return {
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? undefined,
    retryAfterMs: retryAfter(response.headers.get("retry-after")),
  };
}

function retryAfter(header: string | null): number | undefined {
  const seconds = Number(header);
  return header?.trim() && Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 60) * 1000 : undefined;
}

interface Told {
  error: string;
  code?: string;
  details: readonly unknown[];
}

async function told(response: Response): Promise<Told | undefined> {
  if (!isJson(response)) return undefined;
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== "object" || body === null || !("error" in body) || typeof body.error !== "string")
    return undefined;
  const details = "details" in body && Array.isArray(body.details) ? body.details : [];
  return "code" in body && typeof body.code === "string"
    ? { error: body.error, code: body.code, details }
    : { error: body.error, details };
}

function isFault(detail: unknown): detail is Fault {
  const { field, problem } = (detail ?? {}) as Record<string, unknown>;
  return typeof field === "string" && typeof problem === "string";
}

function codeOf(status: number): string {
  return status >= 500 ? "SERVER_ERROR" : "REFUSED";
}
