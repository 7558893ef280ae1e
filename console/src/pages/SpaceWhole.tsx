import { Button, Checkbox, Group, Progress, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link as To } from "@tanstack/react-router";
import { useState } from "react";
import type { Space } from "../api";
import { type Link, usage } from "../api/contents";
import { exported, linksInto } from "../api/whole";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Tag } from "../parts/Tag";
import { count, counted, may, size } from "../words";

/** What a space holds, the public links into it, and all of it in one file. */
export function Whole({ space }: { space: Space }) {
  return (
    <>
      <Usage space={space} />
      <Links space={space} />
      {may(space, "admin") && <Export space={space} />}
    </>
  );
}

function Usage({ space }: { space: Space }) {
  const { data, error } = useQuery(usage(space.id));
  if (error) return <Failure error={error} />;
  return (
    <section className="panel" aria-labelledby="usage">
      <Title order={2} id="usage">
        What it holds
      </Title>
      {!data ? (
        <Skeleton height={48} />
      ) : (
        <Stack gap="xs">
          <Text>
            {size(data.bytes)} in {counted(data.artifacts, "file")}
          </Text>
          {data.limits.bytes !== null && (
            <>
              <Progress value={Math.min(100, (data.bytes / data.limits.bytes) * 100)} aria-label="Used" />
              <Text size="sm">It may hold {size(data.limits.bytes)}.</Text>
            </>
          )}
          {data.limits.artifacts !== null && (
            <Text size="sm">It may hold {counted(data.limits.artifacts, "file")}.</Text>
          )}
          <Text size="sm" c="dimmed">
            Each version of an artifact is a file, and what is in the trash counts too
            {data.reserved > 0 && `; ${size(data.reserved)} are kept free for uploads under way`}.
          </Text>
        </Stack>
      )}
    </section>
  );
}

function Links({ space }: { space: Space }) {
  const query = useInfiniteQuery(linksInto(space.id));
  if (query.isPending) return <Skeleton height={90} radius="lg" aria-label="Loading the links" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  return (
    <section className="panel" aria-labelledby="links">
      <Title order={2} id="links">
        Links for people without an account
      </Title>
      {found.length === 0 ? (
        <Text c="dimmed">Nothing in this space has a public link. One is made on the page of an artifact.</Text>
      ) : (
        <>
          <Table className="rows" verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Artifact</Table.Th>
                <Table.Th>Link</Table.Th>
                <Table.Th className="number">Views</Table.Th>
                <Table.Th>Made</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map((link) => (
                <Row key={link.id} link={link} />
              ))}
            </Table.Tbody>
          </Table>
          <More shown={found.length} what={found.length === 1 ? "link" : "links"} query={query} />
        </>
      )}
    </section>
  );
}

function Row({ link }: { link: Link }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        <To
          to="/spaces/$spaceId/artifacts/$artifactId"
          params={{ spaceId: link.space_id, artifactId: link.artifact_id }}
          className="to"
        >
          {link.artifact_name}
        </To>
      </Table.Th>
      <Table.Td data-label="Link">
        {link.name || `…${link.last4}`} {!link.active && <Tag tone="alarm">over</Tag>}
        {link.protected && <Tag>password</Tag>}
      </Table.Td>
      <Table.Td data-label="Views" className="number told">
        {count(link.views)}
      </Table.Td>
      <Table.Td data-label="Made" className="told">
        <Moment at={link.created_at} />
        {link.created_by_username && ` by ${link.created_by_username}`}
      </Table.Td>
    </Table.Tr>
  );
}

function Export({ space }: { space: Space }) {
  const [versions, setVersions] = useState(false);
  const [trash, setTrash] = useState(false);
  return (
    <section className="panel" aria-labelledby="export">
      <Title order={2} id="export">
        Export
      </Title>
      <Stack>
        <Text>
          Everything in the space in one ZIP that any program can read: files with their checksums, threads, customers
          and members. A new space can be made of it, here or in another Courtyard.
        </Text>
        <Checkbox
          label="Older versions too"
          checked={versions}
          onChange={({ currentTarget }) => setVersions(currentTarget.checked)}
        />
        <Checkbox
          label="What is in the trash too"
          checked={trash}
          onChange={({ currentTarget }) => setTrash(currentTarget.checked)}
        />
        <Group>
          <Button
            component="a"
            href={exported(space, versions, trash)}
            variant="default"
            leftSection={<IconDownload size={17} aria-hidden />}
          >
            Export the space
          </Button>
        </Group>
      </Stack>
    </section>
  );
}
