/** Who is logged in, in components. */
import { useSyncExternalStore } from "react";
import type { Session } from "../api/identity";
import { type SessionState, session } from "../api/session";

export function useSessionState(): SessionState {
  return useSyncExternalStore(session.subscribe, () => session.state);
}

/** Returns the session that the frame's pages are shown in; they never are without one. */
export function useSession(): Session {
  const state = useSessionState();
  if (state.status !== "in") throw new Error("only what is within the frame may ask for the session");
  return state.session;
}
