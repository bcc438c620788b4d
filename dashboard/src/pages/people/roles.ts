/** The roles in words, the one that may least first. */
import type { Role } from "./use-people";

export const ROLES: readonly (readonly [Role, string])[] = [
  ["viewer", "viewer: reads"],
  ["developer", "developer: also runs and cancels"],
  ["admin", "admin: also manages people, keys and settings"],
];
