import "../people.css";
import "../programs.css";
import { Tabs, Text, Title } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { me } from "../api";
import { Go } from "../parts/Go";
import { Notice } from "../parts/Notice";
import { Overview } from "./AdminOverview";
import { Everybody } from "./AdminPeople";
import { Settings } from "./AdminSettings";
import { Trail } from "./AdminTrail";

const route = getRouteApi("/admin");
const TABS = [
  { value: "overview", label: "Overview" },
  { value: "people", label: "People" },
  { value: "trail", label: "Audit trail" },
  { value: "settings", label: "Settings" },
] as const;

/** The whole installation, for its administrators. */
export function Admin() {
  const { tab = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: person } = useSuspenseQuery(me());
  if (!person.administrator)
    return (
      <Notice title="The administration is for administrators">
        <title>Administration · Courtyard</title>
        <Text>You are none of this installation. Whoever runs it can make you one.</Text>
        <Go to="/" variant="default">
          Back to the spaces
        </Go>
      </Notice>
    );
  return (
    <>
      <title>Administration · Courtyard</title>
      <div className="head">
        <Title order={1}>Administration</Title>
      </div>
      <Tabs
        className="tabs"
        value={tab}
        onChange={(to) =>
          navigate({ search: { tab: to === "overview" ? undefined : (to as Exclude<typeof tab, "overview">) } })
        }
        keepMounted={false}
        activateTabWithKeyboard={false}
      >
        <Tabs.List aria-label="Parts of the administration">
          {TABS.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} pt="lg">
          {tab === "overview" && <Overview />}
          {tab === "people" && <Everybody />}
          {tab === "trail" && <Trail />}
          {tab === "settings" && <Settings />}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
