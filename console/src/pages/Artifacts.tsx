import {
  ActionIcon,
  Button,
  FileButton,
  Group,
  Menu,
  NativeSelect,
  Skeleton,
  Table,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import {
  IconDots,
  IconDownload,
  IconPencil,
  IconSearch,
  IconSparkles,
  IconTrash,
  IconUpload,
} from "@tabler/icons-react";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type DragEvent, lazy, Suspense, useRef, useState } from "react";
import { type Artifact, type ArtifactFilters, address, artifacts, space as asked, type Space } from "../api";
import { Failure } from "../parts/Failure";
import { Go } from "../parts/Go";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Status } from "../parts/Tag";
import { add } from "../uploads";
import { may, size } from "../words";
import { Rename, trash } from "./ArtifactChanges";

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
      <List space={space} filters={filters} />
      {generating && (
        <Suspense>
          <Generate space={space} onClose={() => setGenerating(false)} />
        </Suspense>
      )}
    </Drop>
  );
}

function Add({ space }: { space: Space }) {
  // Without it the same file could not be chosen a second time.
  const forget = useRef<() => void>(null);
  return (
    <FileButton
      multiple
      resetRef={forget}
      onChange={(files) => {
        add(space, files);
        forget.current?.();
      }}
      inputProps={{ "aria-label": "Files to upload" }}
    >
      {(props) => (
        <Button {...props} data-key="u" leftSection={<IconUpload size={17} aria-hidden />}>
          Upload files
        </Button>
      )}
    </FileButton>
  );
}

/** Takes files that are dropped anywhere on the list; the button does the same for those who do not drag. */
function Drop({ space, open, children }: { space: Space; open: boolean; children: React.ReactNode }) {
  const [over, setOver] = useState(false);
  const carries = (event: DragEvent) => open && event.dataTransfer.types.includes("Files");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the first is the button
    <div
      className="drop"
      onDragOver={(event) => {
        if (!carries(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!carries(event)) return;
        event.preventDefault();
        setOver(false);
        add(space, event.dataTransfer.files);
      }}
    >
      {children}
      {over && <div className="over">Drop to upload to {space.name}</div>}
    </div>
  );
}

function List({ space, filters }: { space: Space; filters: ArtifactFilters }) {
  const query = useInfiniteQuery(artifacts(space.id, filters));
  const [renaming, setRenaming] = useState<Artifact>();
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0) return filters.status || filters.type || filters.q ? <Filtered /> : <None space={space} />;
  return (
    <>
      <Table className="rows" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Type</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th className="number">Size</Table.Th>
            <Table.Th>Added</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((artifact) => (
            <Row
              key={artifact.id}
              space={space}
              artifact={artifact}
              filters={filters}
              onRename={() => setRenaming(artifact)}
            />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "artifact" : "artifacts"} query={query} />
      {renaming && <Rename artifact={renaming} onClose={() => setRenaming(undefined)} />}
    </>
  );
}

type Line = { space: Space; artifact: Artifact; filters: ArtifactFilters; onRename: () => void };

function Row({ space, artifact, filters: { status, type, q }, onRename }: Line) {
  const ready = artifact.status === "completed";
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        <Link
          to="/spaces/$spaceId/artifacts/$artifactId"
          params={{ spaceId: space.id, artifactId: artifact.id }}
          search={{ status, type, q }}
          className="to"
        >
          {artifact.name}
        </Link>
        {artifact.error && (
          <Text size="xs" c="var(--cy-alarm)">
            {artifact.error}
          </Text>
        )}
      </Table.Th>
      <Table.Td data-label="Type">
        <Link to="." search={(now) => ({ ...now, type: artifact.type })} className="quiet">
          {artifact.type}
        </Link>
      </Table.Td>
      <Table.Td data-label="Status">
        <Status of={artifact.status} />
      </Table.Td>
      <Table.Td data-label="Size" className="number">
        {ready ? size(artifact.size) : "–"}
      </Table.Td>
      <Table.Td data-label="Added">
        <Moment at={artifact.created_at} />
      </Table.Td>
      <Table.Td className="does">
        <Menu>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={34} aria-label={`Actions for ${artifact.name}`}>
              <IconDots size={19} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              component="a"
              href={address(artifact.download_url)}
              disabled={!ready}
              leftSection={<IconDownload size={17} aria-hidden />}
            >
              Download
            </Menu.Item>
            {may(space, "editor") && (
              <>
                <Menu.Item leftSection={<IconPencil size={17} aria-hidden />} onClick={onRename}>
                  Rename
                </Menu.Item>
                <Menu.Item
                  className="danger"
                  leftSection={<IconTrash size={17} aria-hidden />}
                  onClick={() => trash(artifact)}
                >
                  Delete
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}

function None({ space }: { space: Space }) {
  if (!may(space, "editor"))
    return (
      <Notice title="There are no files here">
        <Text>As soon as an editor adds one, it is listed here.</Text>
      </Notice>
    );
  return (
    <Notice title="Add the first file">
      <Text>Drop files anywhere on this page, or choose them.</Text>
      <Add space={space} />
    </Notice>
  );
}

function Filtered() {
  return (
    <Notice title="Nothing matches">
      <Text>No artifact of this space is like that.</Text>
      <Go to="." search={{}} variant="default">
        Clear filters
      </Go>
    </Notice>
  );
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the artifacts">
      {[1, 2, 3, 4, 5].map((each) => (
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
