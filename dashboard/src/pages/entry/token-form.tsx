/** The way in where an identity provider keeps the accounts: a token of its, kept in memory until the tab is closed. */
import { answer, api } from "../../api/client";
import { ApiError } from "../../api/problem";
import { session } from "../../api/session";
import { Field } from "../../ui/field";
import { EntryForm } from "./entry-form";

export function TokenForm() {
  return (
    <>
      <p>
        An identity provider keeps the accounts of this installation. Paste a token of yours; it stays in this tab's
        memory only, and a reload asks for it again.
      </p>
      <EntryForm action="Continue" onSubmit={({ token = "" }) => enter(token.trim())}>
        <Field label="Token" name="token" type="password" autoComplete="off" required autoFocus />
      </EntryForm>
    </>
  );
}

async function enter(token: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` };
  const who = await answer(api.GET("/api/auth/me", { headers }));
  session.enterWith({ ...who, token, expiresAt: new Date(expiryOf(token)).toISOString() });
}

/** Reads `exp` of a JWT; an API key has none, and is good until it is revoked. */
export function expiryOf(token: string): number {
  const [, body] = token.split(".");
  if (!body) return 8.64e15;
  try {
    const { exp } = JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/"))) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : 8.64e15;
  } catch {
    throw new ApiError("This is no token: copy all of it, three parts with dots between.", "INVALID_TOKEN");
  }
}
