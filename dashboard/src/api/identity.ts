/** Who is logged in, as the api's log-in, refresh and sign-up answer it. */
import type { components } from "./schema";

export type Session = components["schemas"]["Session"];
export type Who = components["schemas"]["Who"];

/** Tells whose data a page shows: another user, organization or role is another identity. */
export function identityOf(session: Who): string {
  return `${session.organization.id} ${session.user.id} ${session.user.role}`;
}

/** Whether something that another tab sent, or an api answered, is a session. */
export function isSession(value: unknown): value is Session {
  const session = value as Partial<Session> | null;
  return (
    typeof session === "object" &&
    typeof session?.token === "string" &&
    !Number.isNaN(Date.parse(session.expiresAt ?? "")) &&
    typeof session.user?.id === "string" &&
    typeof session.organization?.id === "string"
  );
}
