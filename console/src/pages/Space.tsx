import { Tabs, Text, Title } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet, useMatchRoute, useNavigate } from "@tanstack/react-router";
import { space as asked, isGone } from "../api";
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

/** The home of a space: its face, and what is open below it. */
export function SpaceHome() {
  const params = route.useParams();
  const { data: space, error } = useSuspenseQuery(asked(params.spaceId));
  const navigate = useNavigate();
  const matches = useMatchRoute();
  const open = TABS.findLast(({ to }) => matches({ to, params, fuzzy: true }))?.to ?? TABS[0].to;
  if (isGone(error)) return <GoneSpace space={space} />;
  return (
    <>
      <title>{`${space.name} · Courtyard`}</title>
      <section className="hero">
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
      <Tabs
        className="tabs"
        value={open}
        onChange={(to) => navigate({ to: TABS.find((tab) => tab.to === to)?.to ?? TABS[0].to, params })}
      >
        <Tabs.List aria-label="Parts of the space">
          {TABS.map(({ to, label }) => (
            <Tabs.Tab key={to} value={to}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={open} pt="lg">
          <Outlet />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
