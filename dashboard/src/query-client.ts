/** The cache of what the api answered: kept level by the link, and forgotten with the session. */
import { QueryClient } from "@tanstack/react-query";
import { retryDelay, shouldRetry } from "./api/retry";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: shouldRetry,
      retryDelay,
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});
