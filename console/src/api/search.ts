// What the console asks when people search.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, following, told } from "../api";
import type { components } from "../schema";

export type Hit = components["schemas"]["HitShape"];
export type Kind = Hit["kind"];
export type Pieces = components["schemas"]["PieceShape"][];

export const KINDS: Record<Kind, string> = {
  space: "Space",
  artifact: "Artifact",
  thread: "Thread",
  message: "Message",
};

const first = undefined as string | undefined;

export const found = (q: string, kind?: Kind, limit = 20) =>
  infiniteQueryOptions({
    queryKey: ["found", q, kind, limit],
    queryFn: ({ pageParam }) =>
      told(api.GET("/v1/search", { params: { query: { q, kind, limit, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: following,
    enabled: q !== "",
  });

/** Where something that was found is, in the console. */
export function place({ kind, id, space_id, thread_id }: Hit): string {
  const space = `/spaces/${space_id}`;
  if (kind === "artifact") return `${space}/artifacts/${id}`;
  return kind === "space" ? space : `${space}/threads/${thread_id ?? id}`;
}
