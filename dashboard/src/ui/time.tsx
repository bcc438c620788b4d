/** Times that tick once a second, by a clock that is given: the server's, as this computer's may be wrong. */
import { createContext, use, useEffect, useReducer } from "react";
import { clockTime, duration, fullTime } from "./duration";

/** Returns the time now, in milliseconds since 1970. */
export const ClockContext = createContext<() => number>(Date.now);

/** Returns the time, anew each second while `ticking`. */
export function useNow(ticking = true): number {
  const now = use(ClockContext);
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now();
}

/** How long from one time to another, or to now. */
export function Elapsed({ from, to }: { from: string; to?: string | null | undefined }) {
  const now = useNow(!to);
  const begin = Date.parse(from);
  const end = to ? Date.parse(to) : now;
  return (
    <time dateTime={`PT${Math.max(0, Math.floor((end - begin) / 1000))}S`} title={`since ${fullTime(begin)}`}>
      {duration(end - begin)}
    </time>
  );
}

/** When something was: the time of day, with the whole of it as a title. */
export function At({ time }: { time: string }) {
  const now = useNow(false);
  const at = Date.parse(time);
  return (
    <time dateTime={time} title={fullTime(at)}>
      {clockTime(at, now)}
    </time>
  );
}
