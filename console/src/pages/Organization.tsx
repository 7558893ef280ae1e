import "../people.css";
import "../programs.css";
import { Button, Skeleton, Table, Tabs, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import {
  organization as asked,
  type Organization as House,
  holdings,
  type Member,
  type Place,
  serviceKeys,
  spacesOf,
} from "../api/people";
import { Failure } from "../parts/Failure";
import { Invite, Pending } from "../parts/Invitations";
import { Members } from "../parts/Members";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Tag } from "../parts/Tag";
import { ORGANIZATION_ROLES } from "../roles";
import { size } from "../words";
import { KeyList } from "./Keys";
import { NewKey } from "./NewKey";
import { OrganizationSettings } from "./OrganizationSettings";

const route = getRouteApi("/orgs/$handle");
const TABS = [
  { value: "spaces", label: "Spaces" },
  { value: "people", label: "People" },
  { value: "keys", label: "Service keys" },
  { value: "settings", label: "Settings" },
] as const;
export type OrganizationTab = (typeof TABS)[number]["value"];

const leads = (house: House) => house.role === "owner" || house.role === "admin";

/** An organization: what it holds, who belongs to it, and its settings. */
export function Organization() {
  const { handle } = route.useParams();
  const { tab = "spaces" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(asked(handle));
  if (query.isPending) return <Skeleton height={160} radius="lg" />;
  if (query.isError) return <Failure error={query.error} />;
  const house = query.data;
  return (
    <>
      <title>{`${house.name} · Courtyard`}</title>
      <div className="head">
        <div>
          <Title order={1}>{house.name}</Title>
          <div className="facts">
            <code>{house.handle}</code>
            <Tag>{house.role ?? "visitor"}</Tag>
            {house.personal && <Tag tone="accent">personal</Tag>}
          </div>
        </div>
      </div>
      {house.role !== "guest" && <Holdings handle={house.handle} />}
      <Tabs
        className="tabs"
        value={tab}
        onChange={(to) => navigate({ search: { tab: TABS.find((one) => one.value === to)?.value } })}
        keepMounted={false}
        activateTabWithKeyboard={false}
      >
        <Tabs.List aria-label="Parts of the organization">
          {TABS.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} pt="lg">
          {tab === "spaces" && <Spaces house={house} />}
          {tab === "people" && <People house={house} />}
          {tab === "keys" && <Keys house={house} />}
          {tab === "settings" && <OrganizationSettings house={house} />}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Holdings({ handle }: { handle: string }) {
  const { data } = useQuery(holdings(handle));
  if (!data) return <Skeleton height={84} radius="lg" mb="lg" />;
  const tiles = [
    ["Spaces", data.spaces],
    ["People", data.members],
    ["Artifacts", data.artifacts],
    ["Stored", size(data.bytes)],
  ];
  return (
    <dl className="tiles">
      {tiles.map(([word, value]) => (
        <div key={word}>
          <dt>{word}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Spaces({ house }: { house: House }) {
  const query = useInfiniteQuery(spacesOf(house.handle));
  if (query.isPending) return <Skeleton height={120} />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="No space of it is yours to see">
        <Text>Spaces that are made in this organization, or shared with it, appear here.</Text>
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Space</Table.Th>
            <Table.Th>Seen by</Table.Th>
            <Table.Th>You are</Table.Th>
            <Table.Th>Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((space) => (
            <Table.Tr key={space.id}>
              <Table.Th scope="row" className="name">
                <Link to="/spaces/$spaceId" params={{ spaceId: space.id }}>
                  {space.name}
                </Link>
              </Table.Th>
              <Table.Td data-label="Seen by">{space.visibility}</Table.Td>
              <Table.Td data-label="You are">{space.role ?? "visitor"}</Table.Td>
              <Table.Td data-label="Changed">
                <Moment at={space.updated_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "space" : "spaces"} query={query} />
    </>
  );
}

function People({ house }: { house: House }) {
  const place: Place = { kind: "organization", id: house.handle, name: house.name };
  if (house.role === "guest")
    return (
      <Notice title="People are for members">
        <Text>You are a guest: you belong to some of its spaces, not to the organization.</Text>
      </Notice>
    );
  const manages = leads(house) && !house.personal;
  const roles = ORGANIZATION_ROLES.filter(({ value }) => value !== "owner" || house.role === "owner");
  const fixed = (member: Member, all: Member[], whole: boolean) => {
    if (member.role !== "owner") return undefined;
    if (house.role !== "owner") return "Owners are made and unmade by owners.";
    const owners = all.filter((one) => one.role === "owner" && one.state === "active");
    return whole && owners.length < 2 ? "The only owner. Make somebody else owner first." : undefined;
  };
  return (
    <div className="sections broad">
      <section aria-labelledby="members">
        <Title order={2} id="members" className="caption">
          Members
        </Title>
        <Members place={place} roles={roles} manages={manages} fixed={fixed} />
        {!manages && (
          <Text size="sm" c="dimmed">
            {house.personal
              ? "A personal organization is nobody else's. Invite people to its spaces instead."
              : `You are ${house.role} here. Owners and admins invite people and change roles.`}
          </Text>
        )}
      </section>
      {manages && (
        <>
          <Invite place={place} roles={roles} />
          <section aria-labelledby="pending">
            <Title order={2} id="pending" className="caption">
              Pending invitations
            </Title>
            <Pending place={place} />
          </section>
        </>
      )}
    </div>
  );
}

function Keys({ house }: { house: House }) {
  if (house.personal || !leads(house))
    return (
      <Notice title={house.personal ? "A personal organization has no service keys" : "Service keys are for admins"}>
        <Text>
          {house.personal
            ? "Your own keys work in your spaces."
            : `You are ${house.role} here. Owners and admins make keys that outlive whoever made them.`}
        </Text>
      </Notice>
    );
  return <ServiceKeys house={house} />;
}

function ServiceKeys({ house }: { house: House }) {
  const query = useInfiniteQuery(serviceKeys(house.handle));
  const [creating, { open, close }] = useDisclosure(false);
  return (
    <>
      <div className="filters">
        <Text c="dimmed" maw="46rem">
          A service key works as an admin in all spaces of {house.name} and nowhere else, whoever made it and whether or
          not they are still here.
        </Text>
        <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open} data-key="n">
          New service key
        </Button>
      </div>
      <KeyList
        query={query}
        none={
          <Notice title="There are no service keys">
            <Text>Programs that belong to no single person work with one. Its secret is shown once.</Text>
          </Notice>
        }
      />
      {creating && <NewKey organization={house.handle} onClose={close} />}
    </>
  );
}
