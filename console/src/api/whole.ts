// What concerns a space as a whole: its background, its way out as a ZIP and in again, the public links into it.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { address, api, following, problem, type Space, told } from "../api";
import type { Job } from "./contents";

/** Sends bytes as they are. The document calls such bodies forms too; bytes are what a browser has. */
async function sent<T>(method: "PUT" | "POST", path: string, file: File, key?: string): Promise<T> {
  const headers = { "Content-Type": file.type || "application/octet-stream", ...(key && { "Idempotency-Key": key }) };
  const response = await fetch(address(path), { method, body: file, headers });
  const body: unknown = await response.json();
  if (!response.ok) throw problem(response.status, body, response.headers.get("x-request-id"));
  return body as T;
}

export const PICTURES = "image/png,image/jpeg,image/webp,image/gif";

export const putBackground = (space: Space, file: File): Promise<Space> =>
  sent("PUT", `/v1/spaces/${space.id}/background`, file);

/** Where a new space goes that is made of a ZIP. */
export type Wanted = { name?: string; organization?: string; visibility: string; members: "true" | "false" };

/** The job that makes a space of a ZIP. */
export const importSpace = (file: File, wanted: Wanted, key: string): Promise<Job> =>
  sent(
    "POST",
    `/v1/spaces/import?${new URLSearchParams(wanted)}`,
    new File([file], file.name, { type: "application/zip" }),
    key,
  );

/** Where a browser downloads everything in a space. */
export const exported = (space: Space, versions: boolean, trash: boolean) =>
  address(`/v1/spaces/${space.id}/export?${new URLSearchParams({ versions: `${versions}`, trash: `${trash}` })}`);

export const linksInto = (spaceId: string) =>
  infiniteQueryOptions({
    queryKey: ["links", spaceId, "all"],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/links", {
          params: { path: { space_id: spaceId }, query: { limit: 20, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: following,
  });
