import { Button, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { type Artifact, api, queryClient, type Space, told } from "../api";
import { place, trash } from "../api/contents";
import { may } from "../words";
import { Go } from "./Go";
import { Notice } from "./Notice";
import { Refusal } from "./Refusal";

/** In place of a space that went while its page was open. */
export function GoneSpace({ space }: { space: Space }) {
  return (
    <Notice title={`${space.name} is not here any more`} alert>
      <title>{`${space.name} is gone · Courtyard`}</title>
      <Text>
        While this page was open, the space was deleted, or you were taken out of it. Its owner can tell you more.
      </Text>
      <Go to="/">Back to the spaces</Go>
    </Notice>
  );
}

/** In place of an artifact that went while its page was open; whoever may take it out of the trash can do so here. */
export function GoneArtifact({ space, artifact }: { space: Space; artifact: Artifact }) {
  const editor = may(space, "editor");
  const query = useInfiniteQuery({ ...trash(space.id), enabled: editor });
  const kept = query.data?.pages.some((page) => page.data.some(({ id }) => id === artifact.id)) ?? false;
  const restore = useMutation({
    mutationFn: () =>
      told(api.POST("/v1/spaces/{space_id}/artifacts/{artifact_id}/restore", { params: place(artifact) })),
    onSuccess: () => {
      for (const name of ["artifacts", "artifact", "trash"])
        queryClient.invalidateQueries({ queryKey: [name, space.id] });
    },
  });
  return (
    <Notice title={`${artifact.name} is not here any more`} alert>
      <title>{`${artifact.name} is gone · Courtyard`}</title>
      <Text>
        {kept
          ? "While this page was open, somebody moved it to the trash. It can be taken back."
          : "While this page was open, somebody deleted it."}
      </Text>
      <Refusal error={restore.error} />
      {kept && (
        <Button loading={restore.isPending} onClick={() => restore.mutate()}>
          Restore it
        </Button>
      )}
      <Go to="/spaces/$spaceId" params={{ spaceId: space.id }} variant="default">
        {`Back to ${space.name}`}
      </Go>
    </Notice>
  );
}
