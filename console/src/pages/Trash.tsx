import { Button, Skeleton, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Artifact, api, queryClient, type Space, told } from "../api";
import { place, trash } from "../api/contents";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Sure } from "../parts/Sure";
import { may, size } from "../words";

const refresh = (space: Space) => {
  for (const name of ["artifacts", "trash"]) queryClient.invalidateQueries({ queryKey: [name, space.id] });
};

/** What was deleted from a space, as long as it can be taken back. */
export function Trash({ space }: { space: Space }) {
  const query = useInfiniteQuery(trash(space.id));
  const [ending, setEnding] = useState<Artifact>();
  if (query.isPending) return <Skeleton height={180} radius="lg" aria-label="Loading the trash" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="The trash is empty">
        <Text>What is deleted from this space can be taken back from here for a while.</Text>
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Type</Table.Th>
            <Table.Th className="number">Size</Table.Th>
            <Table.Th>Deleted</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((artifact) => (
            <Row key={artifact.id} space={space} artifact={artifact} onEnd={() => setEnding(artifact)} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "artifact" : "artifacts"} query={query} />
      {ending && (
        <Sure
          title={`Delete ${ending.name} for good?`}
          action="Delete for good"
          run={() => purge(space, ending)}
          onClose={() => setEnding(undefined)}
        >
          Its versions, its history and its links go with it. There is no way back.
        </Sure>
      )}
    </>
  );
}

async function purge(space: Space, artifact: Artifact): Promise<void> {
  const params = { ...place(artifact), query: { purge: "true" as const } };
  await told(api.DELETE("/v1/spaces/{space_id}/artifacts/{artifact_id}", { params }));
  refresh(space);
}

function Row({ space, artifact, onEnd }: { space: Space; artifact: Artifact; onEnd: () => void }) {
  const restore = useMutation({
    mutationFn: () =>
      told(api.POST("/v1/spaces/{space_id}/artifacts/{artifact_id}/restore", { params: place(artifact) })),
    onSuccess: () => {
      refresh(space);
      notifications.show({ title: `${artifact.name} is back`, message: `In ${space.name}`, autoClose: 5_000 });
    },
    onError: (error) =>
      notifications.show({ color: "red", title: "It stays in the trash", message: error.message, autoClose: false }),
  });
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        {artifact.name}
      </Table.Th>
      <Table.Td>{artifact.type}</Table.Td>
      <Table.Td className="number">{size(artifact.size)}</Table.Td>
      <Table.Td>
        <Moment at={artifact.updated_at} />
      </Table.Td>
      <Table.Td className="acts">
        <Button size="compact-sm" variant="default" loading={restore.isPending} onClick={() => restore.mutate()}>
          Restore<span className="unseen"> {artifact.name}</span>
        </Button>
        {may(space, "admin") && (
          <Button size="compact-sm" variant="outline" className="danger" onClick={onEnd}>
            Delete <span className="unseen">{artifact.name} </span>for good
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
