// What is new for whoever looks: where they were invited to, and which jobs failed.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, following, told } from "../api";
import type { components } from "../schema";

export type Received = components["schemas"]["ReceivedShape"];

const first = undefined as string | undefined;

export const received = () =>
  infiniteQueryOptions({
    queryKey: ["received"],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/me/invitations", { params: { query: { limit: 30, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

/** Where an invitation leads, in the console. */
export const leads = ({ space, organization }: Received) =>
  space ? `/spaces/${space.id}` : `/orgs/${organization.handle}`;

export const placeName = ({ space, organization }: Received) => space?.name ?? organization.name;
