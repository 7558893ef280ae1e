// What the console asks about who belongs to a space or an organization: members, invitations, roles.
import { infiniteQueryOptions, queryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, following, Problem, told } from "../api";
import type { components } from "../schema";

type Shapes = components["schemas"];
export type Member = Shapes["MemberShape"];
export type Invitation = Shapes["InvitationShape"];
export type Organization = Shapes["OrganizationShape"];
type Role = Member["role"];

/** What people belong to. `id` is that of the space, or the handle of the organization. */
export type Place = { kind: "space" | "organization"; id: string; name: string };

const first = undefined as string | undefined;
const inSpace = (place: Place) => ({ path: { space_id: place.id } });
const inHouse = (place: Place) => ({ path: { handle: place.id } });

export const members = (place: Place) =>
  infiniteQueryOptions({
    queryKey: ["members", place.kind, place.id],
    queryFn: ({ pageParam }) => {
      const query = { limit: 100, cursor: pageParam };
      return place.kind === "space"
        ? told(api.GET("/v1/spaces/{space_id}/members", { params: { ...inSpace(place), query } }))
        : told(api.GET("/v1/organizations/{handle}/members", { params: { ...inHouse(place), query } }));
    },
    initialPageParam: first,
    getNextPageParam: following,
  });

/** One member; null for whoever has no role of their own there. */
export const member = (place: Place, userId: string) =>
  queryOptions({
    queryKey: ["members", place.kind, place.id, userId],
    queryFn: async () => {
      const asked =
        place.kind === "space"
          ? api.GET("/v1/spaces/{space_id}/members/{user_id}", {
              params: { path: { space_id: place.id, user_id: userId } },
            })
          : api.GET("/v1/organizations/{handle}/members/{user_id}", {
              params: { path: { handle: place.id, user_id: userId } },
            });
      try {
        return await told<Member>(asked);
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }
    },
  });

/** All members, however many: page after page. */
export function useEverybody(place: Place) {
  const query = useInfiniteQuery(members(place));
  const { hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { all: query.data?.pages.flatMap((page) => page.data) ?? [], whole: query.isSuccess && !hasNextPage };
}

export const invitations = (place: Place) =>
  infiniteQueryOptions({
    queryKey: ["invitations", place.kind, place.id],
    queryFn: ({ pageParam }) => {
      const query = { limit: 100, cursor: pageParam };
      return place.kind === "space"
        ? told(api.GET("/v1/spaces/{space_id}/invitations", { params: { ...inSpace(place), query } }))
        : told(api.GET("/v1/organizations/{handle}/invitations", { params: { ...inHouse(place), query } }));
    },
    initialPageParam: first,
    getNextPageParam: following,
  });

export const invite = (place: Place, email: string, role: string): Promise<Invitation> => {
  const body = { email, role };
  return place.kind === "space"
    ? told(api.POST("/v1/spaces/{space_id}/invitations", { params: inSpace(place), body }))
    : told(api.POST("/v1/organizations/{handle}/invitations", { params: inHouse(place), body }));
};

const sent = (invitation: Invitation) => ({ invitation_id: invitation.id });

export const resend = (place: Place, invitation: Invitation): Promise<Invitation> =>
  place.kind === "space"
    ? told(
        api.POST("/v1/spaces/{space_id}/invitations/{invitation_id}/resend", {
          params: { path: { space_id: place.id, ...sent(invitation) } },
        }),
      )
    : told(
        api.POST("/v1/organizations/{handle}/invitations/{invitation_id}/resend", {
          params: { path: { handle: place.id, ...sent(invitation) } },
        }),
      );

export const revoke = (place: Place, invitation: Invitation): Promise<unknown> =>
  place.kind === "space"
    ? told(
        api.DELETE("/v1/spaces/{space_id}/invitations/{invitation_id}", {
          params: { path: { space_id: place.id, ...sent(invitation) } },
        }),
      )
    : told(
        api.DELETE("/v1/organizations/{handle}/invitations/{invitation_id}", {
          params: { path: { handle: place.id, ...sent(invitation) } },
        }),
      );

export const setRole = (place: Place, userId: string, role: Role): Promise<Member> =>
  place.kind === "space"
    ? told(
        api.PUT("/v1/spaces/{space_id}/members/{user_id}", {
          params: { path: { space_id: place.id, user_id: userId } },
          body: { role },
        }),
      )
    : told(
        api.PUT("/v1/organizations/{handle}/members/{user_id}", {
          params: { path: { handle: place.id, user_id: userId } },
          body: { role },
        }),
      );

/** Remove somebody, or leave. */
export const remove = (place: Place, userId: string): Promise<unknown> =>
  place.kind === "space"
    ? told(
        api.DELETE("/v1/spaces/{space_id}/members/{user_id}", {
          params: { path: { space_id: place.id, user_id: userId } },
        }),
      )
    : told(
        api.DELETE("/v1/organizations/{handle}/members/{user_id}", {
          params: { path: { handle: place.id, user_id: userId } },
        }),
      );

export const organization = (handle: string) =>
  queryOptions({
    queryKey: ["organization", handle],
    queryFn: () => told(api.GET("/v1/organizations/{handle}", { params: { path: { handle } } })),
  });

export const holdings = (handle: string) =>
  queryOptions({
    queryKey: ["holdings", handle],
    queryFn: () => told(api.GET("/v1/organizations/{handle}/usage", { params: { path: { handle } } })),
  });

export const spacesOf = (handle: string) =>
  infiniteQueryOptions({
    queryKey: ["spaces", "organization", handle],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces", {
          params: { query: { organization: handle, mine: "true", limit: 24, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const serviceKeys = (handle: string) =>
  infiniteQueryOptions({
    queryKey: ["keys", handle],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/keys", { params: { query: { organization: handle, limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

/** Whether it sends mail, and where it speaks HTTPS. */
export const installation = () =>
  queryOptions({
    queryKey: ["installation"],
    queryFn: () => told(api.GET("/v1/installation")),
    staleTime: 300_000,
  });

export const organizationsPaged = () =>
  infiniteQueryOptions({
    queryKey: ["organizations", "pages"],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/organizations", { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });
