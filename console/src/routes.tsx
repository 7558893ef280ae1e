// Every page and its address. What is filtered and which tab is open stands in the address, so that a link shares it.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from "@tanstack/react-router";
import { type ArtifactFilters, me, Problem, queryClient, type SpaceTab, signIn, space } from "./api";
import type { AdminSearch } from "./api/administration";
import { artifact, type JobFilters } from "./api/contents";
import type { RequestFilters } from "./api/programs";
import type { Kind } from "./api/search";
import { customer as askedCustomer, thread as askedThread } from "./api/talk";
import type { AccountTab } from "./pages/Account";
import { Missing } from "./pages/Missing";
import type { OrganizationTab } from "./pages/Organization";
import { Failure } from "./parts/Failure";
import { Shell } from "./shell/Shell";

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
const one = <T extends string>(value: unknown, ...of: T[]) => of.find((each) => each === value);

/** Whoever opens the console without being signed in goes to sign in, and comes back; nothing is shown until then. */
function away(error: unknown): Promise<never> {
  if (!(error instanceof Problem && error.status === 401)) throw error;
  signIn();
  return new Promise(() => {});
}

const root = createRootRoute({
  component: Shell,
  // The organization that was chosen in the header stays chosen from page to page.
  validateSearch: (search): { org?: string } => ({ org: text(search.org) }),
  search: { middlewares: [retainSearchParams(["org"])] },
  beforeLoad: () => queryClient.ensureQueryData(me()).catch(away),
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

const filters = (search: Record<string, unknown>): ArtifactFilters => ({
  status: one(search.status, "pending", "processing", "completed", "failed"),
  type: text(search.type),
  q: text(search.q),
  thread: text(search.thread),
});

const artifacts = createRoute({
  getParentRoute: () => home,
  path: "/",
  validateSearch: (search): ArtifactFilters & { view?: "trash" } => ({
    ...filters(search),
    view: one(search.view, "trash"),
  }),
  component: lazyRouteComponent(() => import("./pages/Artifacts"), "Artifacts"),
});

/** One artifact, with the filters of the list that it was found in. */
const oneArtifact = createRoute({
  getParentRoute: () => root,
  path: "/spaces/$spaceId/artifacts/$artifactId",
  validateSearch: filters,
  loader: ({ params: { spaceId, artifactId } }) =>
    Promise.all([
      queryClient.ensureQueryData(space(spaceId)),
      queryClient.ensureQueryData(artifact(spaceId, artifactId)),
    ]),
  component: lazyRouteComponent(() => import("./pages/Artifact"), "Artifact"),
});

const watched = (search: Record<string, unknown>): JobFilters & { job?: string } => ({
  status: one(search.status, "pending", "processing", "completed", "failed", "cancelled"),
  kind: text(search.kind),
  job: text(search.job),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  validateSearch: watched,
  component: lazyRouteComponent(() => import("./pages/Jobs"), "Jobs"),
});

const spaceJobs = createRoute({
  getParentRoute: () => home,
  path: "/jobs",
  validateSearch: watched,
  component: lazyRouteComponent(() => import("./pages/Jobs"), "SpaceJobs"),
});

const settings = createRoute({
  getParentRoute: () => home,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/SpaceSettings"), "SpaceSettings"),
});

const threads = createRoute({
  getParentRoute: () => home,
  path: "/threads",
  component: lazyRouteComponent(() => import("./pages/Threads"), "Threads"),
});

const thread = createRoute({
  getParentRoute: () => home,
  path: "/threads/$threadId",
  // Its heading is there when one arrives, for the focus. What fails is said by the page.
  loader: ({ params }) => queryClient.prefetchQuery(askedThread(params.spaceId, params.threadId)),
  component: lazyRouteComponent(() => import("./pages/Thread"), "ThreadPage"),
});

const customers = createRoute({
  getParentRoute: () => home,
  path: "/customers",
  component: lazyRouteComponent(() => import("./pages/Customers"), "Customers"),
});

const customer = createRoute({
  getParentRoute: () => home,
  path: "/customers/$customerId",
  loader: ({ params }) => queryClient.prefetchQuery(askedCustomer(params.spaceId, params.customerId)),
  component: lazyRouteComponent(() => import("./pages/Customer"), "CustomerPage"),
});

const people = createRoute({
  getParentRoute: () => home,
  path: "/people",
  component: lazyRouteComponent(() => import("./pages/People"), "People"),
});

const activity = createRoute({
  getParentRoute: () => home,
  path: "/activity",
  validateSearch: (search): { what?: string; all?: true } => ({
    what: text(search.what),
    all: search.all === true ? true : undefined,
  }),
  component: lazyRouteComponent(() => import("./pages/Activity"), "Activity"),
});

const connect = createRoute({
  getParentRoute: () => home,
  path: "/connect",
  component: lazyRouteComponent(() => import("./pages/Connect"), "Connect"),
});

const organizations = createRoute({
  getParentRoute: () => root,
  path: "/orgs",
  component: lazyRouteComponent(() => import("./pages/Organizations"), "Organizations"),
});

const invitations = createRoute({
  getParentRoute: () => root,
  path: "/invitations",
  component: lazyRouteComponent(() => import("./pages/Invitations"), "Invitations"),
});

const organization = createRoute({
  getParentRoute: () => root,
  path: "/orgs/$handle",
  validateSearch: (search): { tab?: OrganizationTab } => ({ tab: one(search.tab, "people", "keys", "settings") }),
  component: lazyRouteComponent(() => import("./pages/Organization"), "Organization"),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/developer/keys",
  component: lazyRouteComponent(() => import("./pages/Keys"), "Keys"),
});

const applications = createRoute({
  getParentRoute: () => root,
  path: "/developer/apps",
  component: lazyRouteComponent(() => import("./pages/Applications"), "Applications"),
});

const logs = createRoute({
  getParentRoute: () => root,
  path: "/developer/logs",
  validateSearch: (search): RequestFilters & { request?: string } => ({
    status: one(search.status, "2xx", "3xx", "4xx", "5xx"),
    method: one(search.method, "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
    dialect: text(search.dialect),
    key: text(search.key),
    path: text(search.path),
    request: text(search.request),
  }),
  component: lazyRouteComponent(() => import("./pages/Requests"), "Requests"),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
  validateSearch: (search): { tab?: AccountTab } => ({
    tab: one(search.tab, "security", "sessions", "activity", "preferences"),
  }),
  component: lazyRouteComponent(() => import("./pages/Account"), "Account"),
});

const admin = createRoute({
  getParentRoute: () => root,
  path: "/admin",
  validateSearch: (search): AdminSearch => ({
    tab: one(search.tab, "people", "trail", "settings"),
    days: [7, 30, 90].find((days) => days === search.days) as AdminSearch["days"],
    q: text(search.q),
    state: one(search.state, "active", "invited", "disabled"),
    action: text(search.action),
    person: text(search.person),
  }),
  component: lazyRouteComponent(() => import("./pages/Admin"), "Admin"),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (search): { q?: string; kind?: Kind } => ({
    q: text(search.q),
    kind: one(search.kind, "space", "artifact", "thread", "message"),
  }),
  component: lazyRouteComponent(() => import("./pages/Search"), "Search"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    spaces,
    oneArtifact,
    jobs,
    home.addChildren([artifacts, spaceJobs, settings, threads, thread, customers, customer, people, activity, connect]),
    organizations,
    organization,
    invitations,
    keys,
    applications,
    logs,
    account,
    admin,
    search,
  ]),
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
