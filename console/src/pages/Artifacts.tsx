import { Button, Group, NativeSelect, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconSparkles, IconTrash } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { type ArtifactFilters, space as asked, type Space } from "../api";
import { allThreads } from "../api/talk";
import { Go } from "../parts/Go";
import { may } from "../words";
import { Add, Drop, Room } from "./ArtifactAdding";
import { List, Waiting } from "./ArtifactList";

const Generate = lazy(() => import("./Generate").then((module) => ({ default: module.Generate })));
const Trash = lazy(() => import("./Trash").then((module) => ({ default: module.Trash })));

const route = getRouteApi("/spaces/$spaceId/");
const STATUSES = [
  { value: "", label: "Any status" },
  { value: "completed", label: "Ready" },
  { value: "processing", label: "In work" },
  { value: "pending", label: "Waiting" },
  { value: "failed", label: "Failed" },
];

/** The files of a space. */
export function Artifacts() {
  const { spaceId } = route.useParams();
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const writable = may(space, "editor");
  const [generating, setGenerating] = useState(false);
  const search = useDebouncedCallback(
    (typed: string) => navigate({ search: (now) => ({ ...now, q: typed || undefined }), replace: true }),
    250,
  );
  if (filters.view === "trash" && writable)
    return (
      <Suspense fallback={<Waiting />}>
        <div className="head">
          <Title order={2}>Trash</Title>
          <Go to="." search={{}} variant="default">
            Back to the artifacts
          </Go>
        </div>
        <Trash space={space} />
      </Suspense>
    );
  return (
    <Drop space={space} open={writable}>
      <div className="filters">
        <TextInput
          key={filters.q ? "typed" : "empty"}
          type="search"
          className="grow"
          autoFocus={filters.q !== undefined}
          aria-label="Search in this space"
          placeholder="Names, tags, texts"
          leftSection={<IconSearch size={17} aria-hidden />}
          defaultValue={filters.q}
          onChange={(event) => search(event.currentTarget.value.trim())}
        />
        <NativeSelect
          aria-label="Status"
          data={STATUSES}
          value={filters.status ?? ""}
          onChange={({ currentTarget }) => {
            const status = currentTarget.value || undefined;
            navigate({ search: (now) => ({ ...now, status }) });
          }}
        />
        {space.role !== null && <ThreadFilter space={space} filters={filters} />}
        {filters.type && (
          <Go to="." search={{ ...filters, type: undefined }} variant="default">
            {`Type: ${filters.type} ×`}
          </Go>
        )}
        {writable ? (
          <Group gap="sm" className="making">
            <Go to="." search={{ view: "trash" }} variant="subtle" leftSection={<IconTrash size={17} aria-hidden />}>
              Trash
            </Go>
            <Button
              variant="default"
              leftSection={<IconSparkles size={17} aria-hidden />}
              onClick={() => setGenerating(true)}
            >
              Generate
            </Button>
            <Add space={space} />
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            Editors of this space can add files.
          </Text>
        )}
      </div>
      {writable && <Room space={space} />}
      <List space={space} filters={filters} />
      {generating && (
        <Suspense>
          <Generate space={space} onClose={() => setGenerating(false)} />
        </Suspense>
      )}
    </Drop>
  );
}

function ThreadFilter({ space, filters }: { space: Space; filters: ArtifactFilters }) {
  const navigate = route.useNavigate();
  const { data } = useQuery(allThreads(space.id));
  if (!filters.thread && !data?.data.length) return null;
  return (
    <NativeSelect
      aria-label="Thread"
      data={[
        { value: "", label: "Any thread" },
        ...(data?.data ?? []).map(({ id, title }) => ({ value: id, label: title })),
      ]}
      value={filters.thread ?? ""}
      onChange={({ currentTarget }) => {
        const thread = currentTarget.value || undefined;
        navigate({ search: (now) => ({ ...now, thread }) });
      }}
    />
  );
}
