/** What is read about people. Nothing announces it, so it is asked for again while somebody looks. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { components } from "../../api/schema";
import { useLink } from "../../live/use-link";
import { useSession } from "../../live/use-session";

export type Member = components["schemas"]["UserAnswer"];
export type Present = components["schemas"]["PresentUser"];
export type Invitation = components["schemas"]["InvitationAnswer"];
export type Role = components["schemas"]["Role"];

/** The keys of what is read here; the first of them is that of all. */
export const peopleKeys = {
  all: ["people"],
  members: ["people", "members"],
  presence: ["people", "presence"],
  invitations: ["people", "invitations"],
} as const;

const PRESENCE_MS = 10_000;
/** Gateways tell each other who is here now and then: until they have told of oneself, it is asked for sooner. */
const EARLY_PRESENCE_MS = 2000;
const MEMBERS_MS = 30_000;

export function useMembers() {
  return useQuery({
    queryKey: peopleKeys.members,
    queryFn: ({ signal }) => answer(api.GET("/api/users", { signal })),
    refetchInterval: MEMBERS_MS,
  });
}

export function usePresence() {
  const { user } = useSession();
  const isLive = useLink().name === "live";
  return useQuery({
    queryKey: peopleKeys.presence,
    queryFn: ({ signal }) => answer(api.GET("/api/presence", { signal })),
    refetchInterval: ({ state: { data } }) =>
      isLive && !data?.users.some((each) => each.userId === user.id) ? EARLY_PRESENCE_MS : PRESENCE_MS,
    staleTime: 0,
  });
}

export function useInvitations() {
  return useQuery({
    queryKey: peopleKeys.invitations,
    queryFn: ({ signal }) => answer(api.GET("/api/invitations", { signal })),
    refetchInterval: MEMBERS_MS,
  });
}
