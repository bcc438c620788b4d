/** What is read about images, and read again some time after an execution ended. */
import { keepPreviousData, type QueryKey, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api } from "../../api/client";
import { serverClock } from "../../api/clock";
import type { components } from "../../api/schema";
import { isLive } from "../../live/execution";
import { link } from "../../live/link";
import { onWake } from "../../live/wake";
import { beginOf, offsetMinutes, type Range } from "./range";

export type History = components["schemas"]["ImageHistory"];

const ALL = ["images"];
/** Counting goes through all that ended: at most once within this. */
const AGAIN_MS = 3000;

export function useImages(range: Range) {
  useEndings(ALL);
  return useQuery({
    queryKey: [...ALL, "list", range],
    queryFn: ({ signal }) => {
      const query = { since: beginOf(range, serverClock.now()) };
      return answer(api.GET("/api/images", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

export function useImageHistory(image: string, range: Range) {
  useEndings(ALL);
  return useQuery({
    queryKey: [...ALL, "one", image, range],
    queryFn: ({ signal }) => {
      const now = serverClock.now();
      const query = { image, since: beginOf(range, now), offsetMinutes: offsetMinutes(now) };
      return answer(api.GET("/api/images/history", { params: { query }, signal }));
    },
  });
}

/** Reads again once something ended, or something may have been missed. */
function useEndings(queryKey: QueryKey): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = () => {
      timer = undefined;
      void client.invalidateQueries({ queryKey });
    };
    const soon = () => {
      timer ??= setTimeout(read, AGAIN_MS);
    };
    const stops = [
      link.on("execution-updated", (state) => isLive(state) || soon()),
      link.on("resync", soon),
      link.onJoined((recovered) => recovered || soon()),
      onWake(soon),
      () => clearTimeout(timer),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, queryKey]);
}
