import { ActionIcon, Checkbox, Menu, Progress, Skeleton, Table, Text } from "@mantine/core";
import { IconCode, IconDots, IconDownload, IconLink, IconPencil, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Artifact, type ArtifactFilters, address, artifacts, type Space } from "../api";
import { jobsOf } from "../api/contents";
import { members } from "../api/people";
import { copy } from "../parts/copying";
import { Failure } from "../parts/Failure";
import { Go } from "../parts/Go";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Status } from "../parts/Tag";
import { download } from "../snippets";
import { may, size } from "../words";
import { Add } from "./ArtifactAdding";
import { Rename, trash } from "./ArtifactChanges";
import { Together } from "./ArtifactsTogether";

/** The artifacts that fit, with what can be done to one or to several. */
export function List({ space, filters }: { space: Space; filters: ArtifactFilters }) {
  const query = useInfiniteQuery(artifacts(space.id, filters));
  const [renaming, setRenaming] = useState<Artifact>();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const people = useNames(space);
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0) return Object.values(filters).some(Boolean) ? <Filtered /> : <None space={space} />;
  // What went away meanwhile is not chosen any more.
  const chosen = found.filter((one) => picked.has(one.id));
  const pick = (ids: string[], on: boolean) =>
    setPicked((now) => new Set(on ? [...now, ...ids] : [...now].filter((id) => !ids.includes(id))));
  const writable = may(space, "editor");
  return (
    <>
      {chosen.length > 0 && <Together space={space} chosen={chosen} onClear={() => setPicked(new Set())} />}
      <Table className="rows picks" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {writable && (
              <Table.Th className="pick">
                <Checkbox
                  aria-label="Select all that are shown"
                  checked={chosen.length === found.length}
                  indeterminate={chosen.length > 0 && chosen.length < found.length}
                  onChange={({ currentTarget }) =>
                    pick(
                      found.map(({ id }) => id),
                      currentTarget.checked,
                    )
                  }
                />
              </Table.Th>
            )}
            <Table.Th>Name</Table.Th>
            <Table.Th>Type</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th className="number">Size</Table.Th>
            <Table.Th>Added</Table.Th>
            {people && <Table.Th>By</Table.Th>}
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((artifact) => (
            <Table.Tr key={artifact.id} data-picked={picked.has(artifact.id) || undefined}>
              {writable && (
                <Table.Td className="pick">
                  <Checkbox
                    aria-label={`Select ${artifact.name}`}
                    checked={picked.has(artifact.id)}
                    onChange={({ currentTarget }) => pick([artifact.id], currentTarget.checked)}
                  />
                </Table.Td>
              )}
              <Cells artifact={artifact} filters={filters} />
              {people && (
                <Table.Td data-label="By" className="told">
                  {people.get(artifact.created_by ?? "") ?? "–"}
                </Table.Td>
              )}
              <Table.Td className="does">
                <Actions space={space} artifact={artifact} onRename={() => setRenaming(artifact)} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "artifact" : "artifacts"} query={query} />
      {renaming && <Rename artifact={renaming} onClose={() => setRenaming(undefined)} />}
    </>
  );
}

/** The names of who is in the space, by their ids; strangers to it do not learn them. */
function useNames(space: Space): Map<string, string> | undefined {
  const { data } = useInfiniteQuery({
    ...members({ kind: "space", id: space.id, name: space.name }),
    enabled: space.role !== null,
  });
  return data && new Map(data.pages.flatMap((page) => page.data).map(({ user }) => [user.id, user.username]));
}

function Cells({ artifact, filters: { status, type, q, thread } }: { artifact: Artifact; filters: ArtifactFilters }) {
  const ready = artifact.status === "completed";
  return (
    <>
      <Table.Th scope="row" className="name">
        <Link
          to="/spaces/$spaceId/artifacts/$artifactId"
          params={{ spaceId: artifact.space_id, artifactId: artifact.id }}
          search={{ status, type, q, thread }}
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
        {(artifact.status === "pending" || artifact.status === "processing") && <Bar artifact={artifact} />}
      </Table.Td>
      <Table.Td data-label="Size" className="number">
        {ready ? size(artifact.size) : "–"}
      </Table.Td>
      <Table.Td data-label="Added">
        <Moment at={artifact.created_at} />
      </Table.Td>
    </>
  );
}

/** How far the work on it is. */
function Bar({ artifact }: { artifact: Artifact }) {
  const { data } = useQuery(jobsOf(artifact));
  const job = data?.data.find((one) => one.status === "processing");
  return <Progress value={job?.progress ?? 0} size={4} mt={4} aria-label={`Progress of ${artifact.name}`} />;
}

type Acted = { space: Space; artifact: Artifact; onRename: () => void };

function Actions({ space, artifact, onRename }: Acted) {
  const ready = artifact.status === "completed";
  const page = `${location.origin}/console/spaces/${artifact.space_id}/artifacts/${artifact.id}`;
  return (
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
        <Menu.Item leftSection={<IconLink size={17} aria-hidden />} onClick={() => copy(page, "link")}>
          Copy the link
        </Menu.Item>
        <Menu.Item
          disabled={!ready}
          leftSection={<IconCode size={17} aria-hidden />}
          onClick={() => copy(download(artifact, location.origin), "command")}
        >
          Copy as curl
        </Menu.Item>
        {may(space, "editor") && (
          <>
            <Menu.Item leftSection={<IconPencil size={17} aria-hidden />} onClick={onRename}>
              Rename
            </Menu.Item>
            <Menu.Item
              className="danger"
              leftSection={<IconTrash size={17} aria-hidden />}
              onClick={() => trash([artifact])}
            >
              Delete
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
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

export function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the artifacts">
      {[1, 2, 3, 4, 5].map((each) => (
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
