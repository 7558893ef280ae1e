// What administrators ask about the whole installation.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, following, told } from "../api";
import type { components } from "../schema";

type Shapes = components["schemas"];
export type Person = Shapes["PersonShape"];
export type Deed = Shapes["TrailShape"];
export type Bucket = Shapes["BucketShape"];
export type Setting = Shapes["SettingShape"];
export type Finding = Shapes["FindingShape"];
export type Days = 1 | 7 | 30 | 90;

/** What stands in the address of the administration. */
export type AdminSearch = {
  tab?: "people" | "trail" | "settings";
  days?: Exclude<Days, 1>;
  q?: string;
  state?: Person["state"];
  action?: string;
  person?: string;
};

const first = undefined as string | undefined;

export const statistics = () =>
  queryOptions({
    queryKey: ["statistics"],
    queryFn: () => told(api.GET("/v1/statistics")),
    refetchInterval: 30_000,
  });

export const series = (days: Days) =>
  queryOptions({
    queryKey: ["series", days],
    queryFn: () => told(api.GET("/v1/statistics/series", { params: { query: { days } } })),
    refetchInterval: 60_000,
  });

export const health = () =>
  queryOptions({ queryKey: ["health"], queryFn: () => told(api.GET("/v1/health")), refetchInterval: 30_000 });

export const settings = () => queryOptions({ queryKey: ["settings"], queryFn: () => told(api.GET("/v1/settings")) });

export const everybody = (q?: string, state?: Person["state"]) =>
  infiniteQueryOptions({
    queryKey: ["everybody", q, state],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/people", { params: { query: { q, state, limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const trail = (action?: string, person?: string) =>
  infiniteQueryOptions({
    queryKey: ["trail", action, person],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/events", { params: { query: { action, person, limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });
