// What the console asks about threads, their messages, customers, and what happened in a space.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, following, told } from "../api";
import type { components } from "../schema";

type Shapes = components["schemas"];
export type Thread = Shapes["ThreadShape"];
export type Message = Shapes["MessageShape"];
export type Customer = Shapes["CustomerShape"];
export type Activity = Shapes["ActivityShape"];

const first = undefined as string | undefined;

export const threads = (spaceId: string) =>
  infiniteQueryOptions({
    queryKey: ["threads", spaceId],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/threads", {
          params: { path: { space_id: spaceId }, query: { limit: 20, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: following,
  });

/** The newest hundred at once, to choose one of. */
export const allThreads = (spaceId: string) =>
  queryOptions({
    queryKey: ["threads", spaceId, "all"],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/threads", { params: { path: { space_id: spaceId }, query: { limit: 100 } } }),
      ),
  });

/** The parameters of every path below one thread. */
export const of = (thread: { space_id: string; id: string }) => ({
  path: { space_id: thread.space_id, thread_id: thread.id },
});

export const thread = (spaceId: string, id: string) =>
  queryOptions({
    queryKey: ["thread", spaceId, id],
    queryFn: () =>
      told(api.GET("/v1/spaces/{space_id}/threads/{thread_id}", { params: of({ space_id: spaceId, id }) })),
  });

export const messages = (thread: { space_id: string; id: string }) =>
  infiniteQueryOptions({
    queryKey: ["messages", thread.space_id, thread.id],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/threads/{thread_id}/messages", {
          params: { ...of(thread), query: { limit: 50, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: following,
  });

/** The newest message of a thread; null where nothing was said yet. */
export const lastMessage = (thread: { space_id: string; id: string }) =>
  queryOptions({
    queryKey: ["messages", thread.space_id, thread.id, "last"],
    queryFn: async () => {
      const page = await told(
        api.GET("/v1/spaces/{space_id}/threads/{thread_id}/messages", {
          params: { ...of(thread), query: { limit: 1 } },
        }),
      );
      return page.data[0] ?? null;
    },
  });

/** Who said it. */
export const speaker = ({ role, person }: Message) =>
  role === "assistant" ? "Assistant" : (person?.username ?? "Somebody who left");

export const artifactsOf = (thread: { space_id: string; id: string }) =>
  queryOptions({
    queryKey: ["artifacts", thread.space_id, "thread", thread.id],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts", {
          params: { path: { space_id: thread.space_id }, query: { thread_id: thread.id, limit: 50 } },
        }),
      ),
  });

/** As many of the newest artifacts as one answer holds. */
export const newest = (spaceId: string) =>
  queryOptions({
    queryKey: ["artifacts", spaceId, "newest"],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts", { params: { path: { space_id: spaceId }, query: { limit: 100 } } }),
      ),
  });

export const customers = (spaceId: string) =>
  infiniteQueryOptions({
    queryKey: ["customers", spaceId],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/customers", {
          params: { path: { space_id: spaceId }, query: { limit: 50, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const customer = (spaceId: string, id: string) =>
  queryOptions({
    queryKey: ["customer", spaceId, id],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/customers/{customer_id}", {
          params: { path: { space_id: spaceId, customer_id: id } },
        }),
      ),
  });

/** Which happenings one looks at; `all` with those that Courtyard did by itself. */
export type Kept = { what: string; all: boolean };

/** One page of what happened in a space. */
export const happened = (spaceId: string, { what, all }: Kept, limit: number, cursor: string | undefined) =>
  told(
    api.GET("/v1/spaces/{space_id}/activity", {
      params: { path: { space_id: spaceId }, query: { action: what, by: all ? "" : "people", limit, cursor } },
    }),
  );

export const activity = (spaceId: string, kept: Kept) =>
  infiniteQueryOptions({
    queryKey: ["activity", spaceId, kept],
    queryFn: ({ pageParam }) => happened(spaceId, kept, 50, pageParam),
    initialPageParam: first,
    getNextPageParam: following,
  });
