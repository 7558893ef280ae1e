// What the console asks about programs: keys, applications, consents, and what all of them did.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, following, told } from "../api";
import type { components, paths } from "../schema";

type Shapes = components["schemas"];
export type Key = Shapes["KeyShape"];
export type Application = Shapes["ApplicationShape"];
export type Consent = Shapes["ConsentShape"];
export type Asked = Shapes["RequestShape"];
export type Scope = NonNullable<Shapes["NewKey"]["scopes"]>[number];
export type ApplicationScope = NonNullable<Shapes["NewApplication"]["scopes"]>[number];
type Filters = NonNullable<paths["/v1/me/requests"]["get"]["parameters"]["query"]>;
export type RequestFilters = Pick<Filters, "key" | "method" | "status" | "dialect" | "path">;

const first = undefined as string | undefined;

export const keys = () =>
  infiniteQueryOptions({
    queryKey: ["keys", "own"],
    queryFn: ({ pageParam }) => told(api.GET("/v1/keys", { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const applications = () =>
  infiniteQueryOptions({
    queryKey: ["applications"],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/applications", { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const consents = () =>
  infiniteQueryOptions({
    queryKey: ["consents"],
    queryFn: ({ pageParam }) => told(api.GET("/v1/consents", { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const requests = (filters: RequestFilters) =>
  infiniteQueryOptions({
    queryKey: ["requests", filters],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/me/requests", { params: { query: { ...filters, limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });
