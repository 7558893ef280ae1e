// Everything the console asks of Courtyard: the v1 API under `/console/api`, typed by its own document.
import { infiniteQueryOptions, QueryCache, QueryClient, queryOptions } from "@tanstack/react-query";
import createClient from "openapi-fetch";
import { confirmed } from "./confirming";
import type { components, paths } from "./schema";
import { note } from "./standing";

type Shapes = components["schemas"];
export type Space = Shapes["SpaceShape"];
export type Artifact = Shapes["ArtifactShape"];
export type Me = Shapes["MeShape"];
export type Visibility = Space["visibility"];

/** The address of a v1 path for a browser. */
export const address = (path: string) => path.replace(/^\/v1\//, "/console/api/");

/**
 * The document names its paths `/v1/…`; a browser asks for the same under `/console/api/…`. The address is changed before
 * the request is made: one that is made of another one streams its body, which browsers refuse over HTTP/1.1.
 */
class Asked extends Request {
  /** The same once more; this one is used up when it was sent. */
  readonly again: () => Asked;

  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === "string" ? address(input) : input, init);
    this.again = () => new Asked(input, init);
  }
}

/** Sends a request. Where the server wants to know first whether it is still the same person, asks, and sends it again. */
async function send(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.status !== 403 || !(request instanceof Asked)) return response;
  const said: { code?: string } = await response
    .clone()
    .json()
    .catch(() => ({}));
  if (said.code !== "confirmation_required" || !(await confirmed())) return response;
  return fetch(request.again());
}

export const api = createClient<paths>({ Request: Asked, fetch: send });

/** A refusal in the words of the server, with the number under which its log knows it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string,
    /** What is wrong with one field, by its name. */
    readonly fields: Record<string, string>,
    /** The word for programs. */
    readonly code = "",
  ) {
    super(message);
  }
}

export function problem(status: number, body: unknown, requestId: string | null): Problem {
  const said = (typeof body === "object" && body !== null ? body : {}) as Partial<Shapes["Failure"]>;
  const fields = Object.fromEntries((said.errors ?? []).map((one) => [one.pointer.replace(/^\//, ""), one.detail]));
  const message = said.detail ?? `The server answered ${status}.`;
  const request = requestId ?? said.instance?.replace("urn:request:", "") ?? "";
  return new Problem(status, message, request, fields, said.code);
}

/** The sign-in page, which leads back to where one is now. */
export const signInAddress = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

export function signIn(): void {
  location.assign(signInAddress());
}

/** The body of an answer. Throws Problem; that one is signed out is said above the page, which stays as it is. */
export async function told<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok || response.status === 401) note({ signedOut: !response.ok });
  if (response.ok) return data as T;
  throw problem(response.status, error, response.headers.get("x-request-id"));
}

/** What was there a moment ago and is no more, or no more for us. */
export const isGone = (error: unknown) => error instanceof Problem && [403, 404, 410].includes(error.status);

let self: string | undefined;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    // Whatever is missing in a space may be so because the space is: it is asked, and its page says what happened.
    onError: (error, { queryKey }) => {
      if (!isGone(error) || queryKey[0] === "space") return;
      queryClient.invalidateQueries({
        predicate: ({ queryKey: [name, id] }) => name === "space" && queryKey.includes(id),
      });
    },
    // Who signed in meanwhile may be somebody else: what is kept here is not theirs.
    onSuccess: (now, { queryKey }) => {
      if (queryKey[0] !== "me") return;
      const { id } = now as Me;
      if (self !== undefined && self !== id) location.reload();
      self = id;
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the server refused it will refuse again; what never reached it may get there.
      retry: (times, error) => !(error instanceof Problem && error.status < 500) && times < 2,
    },
  },
});

const first = undefined as string | undefined;
export const following = (page: { cursor: string | null }) => page.cursor ?? undefined;

export const me = () => queryOptions({ queryKey: ["me"], queryFn: () => told(api.GET("/v1/me")), staleTime: 60_000 });

/** Those one belongs to; that an administrator may see all others is for the page about them. */
export const organizations = () =>
  queryOptions({
    queryKey: ["organizations"],
    queryFn: () => told(api.GET("/v1/organizations", { params: { query: { limit: 100, mine: "true" } } })),
  });

export type SpaceTab = "mine" | "shared" | "public";
const NARROWED: Record<SpaceTab, { mine?: "true"; owner?: "others"; visibility?: Visibility }> = {
  mine: { mine: "true" },
  shared: { mine: "true", owner: "others" },
  public: { visibility: "public" },
};

export const spaces = (tab: SpaceTab, q: string, organization?: string) =>
  infiniteQueryOptions({
    queryKey: ["spaces", tab, q, organization],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces", {
          params: { query: { ...NARROWED[tab], q, organization, limit: 24, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: following,
  });

export const space = (id: string) =>
  queryOptions({
    queryKey: ["space", id],
    queryFn: () => told(api.GET("/v1/spaces/{space_id}", { params: { path: { space_id: id } } })),
    // Whoever is put out of a space hears no more news of it, and nobody hears of one that was deleted.
    refetchInterval: 20_000,
  });

export type ArtifactFilters = { status?: string; type?: string; q?: string; thread?: string };

export const artifacts = (id: string, { status, type, q, thread }: ArtifactFilters) =>
  infiniteQueryOptions({
    queryKey: ["artifacts", id, { status, type, q, thread }],
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/v1/spaces/{space_id}/artifacts", {
          params: {
            path: { space_id: id },
            query: { status, document_type: type, q, thread_id: thread, limit: 50, cursor: pageParam },
          },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: following,
  });
