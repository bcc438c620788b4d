/** Where a log-in leads: on to what was asked for, as soon as there is a session. */
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { safeNext } from "../../api/next";
import { useSessionState } from "../../live/use-session";

/** Goes to `next` once somebody is logged in; tells whether that is so. */
export function useOnwards(next: string | undefined): boolean {
  const router = useRouter();
  const isIn = useSessionState().status === "in";
  useEffect(() => {
    if (isIn) router.history.replace(safeNext(next));
  }, [isIn, next, router]);
  return isIn;
}
