// What the console asks about the account of whoever looks: sessions, second factors, passkeys, what happened to it.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, following, told } from "../api";
import type { components } from "../schema";

type Shapes = components["schemas"];
export type Session = Shapes["SessionShape"];
export type Passkey = Shapes["PasskeyShape"];
export type Happening = Shapes["EventShape"];

const first = undefined as string | undefined;

export const sessions = () =>
  infiniteQueryOptions({
    queryKey: ["sessions"],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/me/sessions", { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const passkeys = () =>
  queryOptions({
    queryKey: ["passkeys"],
    queryFn: () => told(api.GET("/v1/me/passkeys", { params: { query: { limit: 100 } } })),
  });

export const secondFactor = () =>
  queryOptions({ queryKey: ["second-factor"], queryFn: () => told(api.GET("/v1/me/second-factor")) });

export const happenings = () =>
  infiniteQueryOptions({
    queryKey: ["happenings"],
    queryFn: ({ pageParam }) => told(api.GET("/v1/me/events", { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
  });
