/** Why somebody cannot do something now: their role, or the link that is away. */
import { useLink } from "../../live/use-link";
import { useSession } from "../../live/use-session";

type Role = "admin" | "developer" | "viewer";

const RANKS: Record<Role, number> = { viewer: 0, developer: 1, admin: 2 };

/** Returns the reason, for `Button`; undefined where it can be done. */
export function useReason(needed: Role): string | undefined {
  const { user } = useSession();
  const { name } = useLink();
  if (!isAtLeast(user.role, needed)) return `You are ${user.role}: ask an admin for the role ${needed}`;
  return name === "offline" ? "You are offline: this can be done when the link is back" : undefined;
}

/** Whether a role may do what needs another. */
export function isAtLeast(role: Role, needed: Role): boolean {
  return RANKS[role] >= RANKS[needed];
}
