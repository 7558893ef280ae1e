import { Button, SegmentedControl, Skeleton, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { type Space, type SpaceTab, spaces } from "../api";
import { Cover } from "../parts/Cover";
import { Failure } from "../parts/Failure";
import { Go } from "../parts/Go";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Tag } from "../parts/Tag";
import { VISIBILITIES } from "../words";

/** Loaded when somebody is about to use it: the first page is small. */
const ready = () => import("./NewSpace");
const NewSpace = lazy(() => ready().then((all) => ({ default: all.NewSpace })));

const route = getRouteApi("/");
const TABS: { value: SpaceTab; label: string }[] = [
  { value: "mine", label: "Mine" },
  { value: "shared", label: "Shared" },
  { value: "public", label: "Public" },
];

/** All spaces as cards. */
export function Spaces() {
  const { tab = "mine", q = "", org } = route.useSearch();
  const navigate = route.useNavigate();
  const [creating, { open, close }] = useDisclosure(false);
  const search = useDebouncedCallback(
    (typed: string) => navigate({ search: (now) => ({ ...now, q: typed || undefined }), replace: true }),
    250,
  );
  return (
    <>
      <title>Spaces · Courtyard</title>
      <div className="head">
        <Title order={1}>Spaces</Title>
        <Button
          leftSection={<IconPlus size={17} aria-hidden />}
          onClick={open}
          onPointerEnter={ready}
          onFocus={ready}
          data-key="n"
        >
          New space
        </Button>
      </div>
      <div className="filters">
        <SegmentedControl
          aria-label="Which spaces"
          data={TABS}
          value={tab}
          onChange={(to) => navigate({ search: (now) => ({ ...now, tab: to as SpaceTab }) })}
        />
        <TextInput
          // A filter that was cleared elsewhere empties the field too.
          key={q === "" ? "empty" : "typed"}
          type="search"
          className="grow"
          autoFocus={q !== ""}
          aria-label="Search by name"
          placeholder="Search by name"
          leftSection={<IconSearch size={17} aria-hidden />}
          defaultValue={q}
          onChange={(event) => search(event.currentTarget.value.trim())}
        />
      </div>
      <Cards tab={tab} q={q} org={org} onNew={open} />
      <Suspense>{creating && <NewSpace organization={org} onClose={close} />}</Suspense>
    </>
  );
}

type Asked = { tab: SpaceTab; q: string; org: string | undefined; onNew: () => void };

function Cards({ tab, q, org, onNew }: Asked) {
  const query = useInfiniteQuery(spaces(tab, q, org));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0) return q ? <Filtered q={q} /> : <None tab={tab} onNew={onNew} />;
  return (
    <>
      <ul className="cards">
        {found.map((space) => (
          <Card key={space.id} space={space} />
        ))}
      </ul>
      <More shown={found.length} what={found.length === 1 ? "space" : "spaces"} query={query} />
    </>
  );
}

function Card({ space }: { space: Space }) {
  return (
    <li className="card">
      <Cover space={space} />
      <div className="text">
        <Title order={2} size="h3">
          <Link to="/spaces/$spaceId" params={{ spaceId: space.id }} className="whole">
            {space.name}
          </Link>
        </Title>
        <Text size="sm" c="dimmed" lineClamp={2}>
          {space.description ?? "No description yet"}
        </Text>
        <div className="facts">
          <Tag tone={space.visibility === "public" ? "accent" : "neutral"}>
            {VISIBILITIES.find((one) => one.value === space.visibility)?.label ?? space.visibility}
          </Tag>
          {space.role && <Tag>{space.role}</Tag>}
        </div>
        <div className="facts">
          <span>{space.organization.name}</span>
          <Moment at={space.updated_at} />
        </div>
      </div>
    </li>
  );
}

function None({ tab, onNew }: { tab: SpaceTab; onNew: () => void }) {
  if (tab !== "mine")
    return (
      <Notice title={tab === "shared" ? "Nothing is shared with you" : "There are no public spaces"}>
        <Text>
          {tab === "shared"
            ? "Spaces of others that you are in, or that your organizations share, appear here."
            : "A space becomes public in its settings, and everybody finds it here."}
        </Text>
      </Notice>
    );
  return (
    <Notice title="Begin with a space">
      <Text>A space keeps files, talks and people of one piece of work together.</Text>
      <Button onClick={onNew}>New space</Button>
    </Notice>
  );
}

function Filtered({ q }: { q: string }) {
  return (
    <Notice title="Nothing matches">
      <Text>No space here has “{q}” in its name.</Text>
      <Go to="/" search={{}} variant="default">
        Clear the search
      </Go>
    </Notice>
  );
}

function Waiting() {
  return (
    <div className="cards" role="status" aria-label="Loading the spaces">
      {[1, 2, 3, 4, 5, 6].map((each) => (
        <Skeleton key={each} height={262} radius="lg" />
      ))}
    </div>
  );
}
