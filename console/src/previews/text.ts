// The beginning of a file as text: never more than a megabyte of it.
import { queryOptions } from "@tanstack/react-query";
import { problem } from "../api";

export const MOST = 1_000_000;
export const BEGINNING = ["beginning"];

export const beginning = (source: string) =>
  queryOptions({
    queryKey: [...BEGINNING, source],
    queryFn: async () => {
      const response = await fetch(source, { headers: { Range: `bytes=0-${MOST - 1}` } });
      if (!response.ok) throw problem(response.status, null, response.headers.get("x-request-id"));
      const text = new TextDecoder().decode(await response.arrayBuffer());
      // The last line may be cut in its middle, and so may its last letter.
      return response.status === 206 && text.length >= MOST / 4 && text.includes("\n")
        ? text
        : text.replace(/\uFFFD$/, "");
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
