/** What the installation is like: read once, by anybody. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";

export function useConfig() {
  return useQuery({
    queryKey: ["config"],
    queryFn: ({ signal }) => answer(api.GET("/api/config", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
