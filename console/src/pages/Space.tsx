import "../space.css";
import { Text, Title } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet, useMatchRoute } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { space as asked, isGone, type Space } from "../api";
import { Cover } from "../parts/Cover";
import { GoneSpace } from "../parts/Gone";
import { Tag } from "../parts/Tag";
import { VISIBILITIES } from "../words";

const route = getRouteApi("/spaces/$spaceId");

/** The tabs in their order, and from which role on they are shown; each is a route of `routes.tsx`. */
const TABS = [
  { to: "/spaces/$spaceId", label: "Artifacts" },
  { to: "/spaces/$spaceId/jobs", label: "Jobs" },
  { to: "/spaces/$spaceId/threads", label: "Threads" },
  { to: "/spaces/$spaceId/customers", label: "Customers" },
  { to: "/spaces/$spaceId/people", label: "People" },
  { to: "/spaces/$spaceId/activity", label: "Activity" },
  { to: "/spaces/$spaceId/connect", label: "Connect" },
  { to: "/spaces/$spaceId/settings", label: "Settings" },
] as const;

/** What is open inside a tab and has a title of its own. */
const INNER = ["/spaces/$spaceId/threads/$threadId", "/spaces/$spaceId/customers/$customerId"] as const;

/** The home of a space: its face, and what is open below it. */
export function SpaceHome() {
  const params = route.useParams();
  const { data: space, error } = useSuspenseQuery(asked(params.spaceId));
  const matches = useMatchRoute();
  const open = TABS.findLast(({ to }) => matches({ to, params, fuzzy: true })) ?? TABS[0];
  if (isGone(error)) return <GoneSpace space={space} />;
  return (
    <>
      {!INNER.some((to) => matches({ to })) && (
        <title>{`${open === TABS[0] ? "" : `${open.label} · `}${space.name} · Courtyard`}</title>
      )}
      <section className="hero" data-low={open === TABS[0] ? undefined : true}>
        <Cover space={space} wide />
        <div className="words">
          <Title order={1}>{space.name}</Title>
          {space.description && <Text className="about">{space.description}</Text>}
          <div className="facts">
            <Tag tone={space.visibility === "public" ? "accent" : "neutral"}>
              {VISIBILITIES.find((one) => one.value === space.visibility)?.label ?? space.visibility}
            </Tag>
            <Tag>{space.role ?? "visitor"}</Tag>
            <span>{space.organization.name}</span>
          </div>
        </div>
      </section>
      <Tabs space={space} open={open.to} />
      <div role="tabpanel" id="tab" aria-label={open.label} className="opened">
        <Outlet />
      </div>
    </>
  );
}

/** Links, so that each opens in a window of its own, too. Arrows move among them, and only Enter goes. */
function Tabs({ space, open }: { space: Space; open: string }) {
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the one that was opened comes into sight
  useEffect(() => {
    const show = () => {
      const chosen = list.current?.querySelector<HTMLElement>("[aria-selected=true]");
      if (list.current && chosen)
        list.current.scrollTo({ left: chosen.offsetLeft - (list.current.clientWidth - chosen.offsetWidth) / 2 });
    };
    show();
    addEventListener("resize", show);
    return () => removeEventListener("resize", show);
  }, [open]);
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const all = [...event.currentTarget.querySelectorAll("a")];
    const at = all.indexOf(document.activeElement as HTMLAnchorElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  };
  return (
    <div className="ways" role="tablist" aria-label="Parts of the space" ref={list} onKeyDown={move}>
      {TABS.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          params={{ spaceId: space.id }}
          role="tab"
          aria-selected={to === open}
          aria-controls="tab"
          tabIndex={to === open ? 0 : -1}
        >
          {label}
        </Link>
      ))}
    </div>
  );
}
