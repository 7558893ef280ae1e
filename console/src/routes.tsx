// Every page and its address. What is filtered and which tab is open stands in the address, so that a link shares it.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { me, queryClient, type SpaceTab, space } from "./api";
import { Missing } from "./pages/Missing";
import { Failure } from "./parts/Failure";
import { Shell } from "./shell/Shell";

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
const one = <T extends string>(value: unknown, ...of: T[]) => of.find((each) => each === value);

const root = createRootRoute({
  component: Shell,
  beforeLoad: () => queryClient.ensureQueryData(me()),
  errorComponent: Failure,
  notFoundComponent: Missing,
});

const spaces = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search): { tab?: SpaceTab; q?: string } => ({
    tab: one(search.tab, "shared", "public"),
    q: text(search.q),
  }),
  component: lazyRouteComponent(() => import("./pages/Spaces"), "Spaces"),
});

/** The home of a space; its tabs are the routes below it, named in `pages/Space.tsx`. */
const home = createRoute({
  getParentRoute: () => root,
  path: "/spaces/$spaceId",
  loader: ({ params }) => queryClient.ensureQueryData(space(params.spaceId)),
  component: lazyRouteComponent(() => import("./pages/Space"), "SpaceHome"),
});

const artifacts = createRoute({
  getParentRoute: () => home,
  path: "/",
  validateSearch: (search): { status?: string; type?: string } => ({
    status: one(search.status, "pending", "processing", "completed", "failed"),
    type: text(search.type),
  }),
  component: lazyRouteComponent(() => import("./pages/Artifacts"), "Artifacts"),
});

const settings = createRoute({
  getParentRoute: () => home,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/SpaceSettings"), "SpaceSettings"),
});

export const router = createRouter({
  routeTree: root.addChildren([spaces, home.addChildren([artifacts, settings])]),
  basepath: "/console",
  defaultPreload: "intent",
  // The data is kept by the queries, not a second time by the router.
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: Failure,
  defaultNotFoundComponent: Missing,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
