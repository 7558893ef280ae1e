// What the console asks about one artifact: its facts, versions and jobs; about the trash, and about jobs everywhere.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Artifact, api, following, told } from "../api";
import type { components } from "../schema";

type Shapes = components["schemas"];
export type Job = Shapes["JobShape"];
export type Version = Shapes["VersionShape"];

/** The parameters of every path below one artifact. */
export const place = (of: { space_id: string; id: string }) => ({
  path: { space_id: of.space_id, artifact_id: of.id },
});

export const artifact = (spaceId: string, id: string) =>
  queryOptions({
    queryKey: ["artifact", spaceId, id],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts/{artifact_id}", { params: place({ space_id: spaceId, id }) }),
      ) as Promise<Artifact>,
  });

export const properties = ({ space_id, id, version }: Artifact) =>
  queryOptions({
    queryKey: ["properties", space_id, id, version],
    queryFn: () =>
      told(api.GET("/v1/spaces/{space_id}/artifacts/{artifact_id}/properties", { params: place({ space_id, id }) })),
  });

export const versions = (of: { space_id: string; id: string }) =>
  infiniteQueryOptions({
    queryKey: ["versions", of.space_id, of.id],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts/{artifact_id}/versions", {
          params: { ...place(of), query: { limit: 20, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: following,
  });

export const jobsOf = (of: { space_id: string; id: string }) =>
  queryOptions({
    queryKey: ["jobs", of.space_id, of.id],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts/{artifact_id}/jobs", {
          params: { ...place(of), query: { limit: 50 } },
        }),
      ),
  });

/** What a space holds, and may hold. */
export const usage = (spaceId: string) =>
  queryOptions({
    queryKey: ["usage", spaceId],
    queryFn: () => told(api.GET("/v1/spaces/{space_id}/usage", { params: { path: { space_id: spaceId } } })),
  });

export const trash = (spaceId: string) =>
  infiniteQueryOptions({
    queryKey: ["trash", spaceId],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/trash", {
          params: { path: { space_id: spaceId }, query: { limit: 50, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: following,
  });

export type JobFilters = { status?: string; kind?: string };

/** The jobs of one space, or of all that one may see. */
export const jobs = (spaceId: string | undefined, { status, kind }: JobFilters) =>
  infiniteQueryOptions({
    queryKey: ["jobs", spaceId ?? "everywhere", { status, kind }],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/jobs", { params: { query: { space: spaceId, status, kind, limit: 30, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: following,
  });

export const job = (id: string) =>
  queryOptions({
    queryKey: ["job", id],
    queryFn: () => told(api.GET("/v1/jobs/{job_id}", { params: { path: { job_id: id } } })),
    // Of a job that belongs to no space, as an import does until it is done, there are no news.
    refetchInterval: ({ state: { data } }) => data?.space_id === null && data.completed_at === null && 2_000,
  });

export type Link = Shapes["LinkShape"];

export const links = (of: { space_id: string; id: string }) =>
  infiniteQueryOptions({
    queryKey: ["links", of.space_id, of.id],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts/{artifact_id}/links", {
          params: { ...place(of), query: { limit: 20, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: following,
  });
