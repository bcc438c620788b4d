/** What the installation is like, in components. */
import { useQuery } from "@tanstack/react-query";
import { installation } from "../../api/installation";

export function useConfig() {
  return useQuery({ queryKey: ["config"], queryFn: installation, staleTime: Number.POSITIVE_INFINITY });
}
