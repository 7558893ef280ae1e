import { Button, Group, Modal, NativeSelect, Stack } from "@mantine/core";
import { IconMessages, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Artifact, api, queryClient, type Space, told } from "../api";
import { place } from "../api/contents";
import { allThreads } from "../api/talk";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { counted } from "../words";
import { trash } from "./ArtifactChanges";

type Chosen = { space: Space; chosen: Artifact[]; onClear: () => void };

/** What can be done to several artifacts at once. */
export function Together({ space, chosen, onClear }: Chosen) {
  const [doing, setDoing] = useState<"move" | "trash">();
  const close = () => setDoing(undefined);
  const words = counted(chosen.length, "artifact");
  return (
    <section className="picked" aria-label="Selected artifacts">
      <strong role="status">{words} selected</strong>
      <Button
        size="compact-md"
        variant="default"
        leftSection={<IconMessages size={17} aria-hidden />}
        onClick={() => setDoing("move")}
      >
        Move to a thread…
      </Button>
      <Button
        size="compact-md"
        variant="default"
        className="danger"
        leftSection={<IconTrash size={17} aria-hidden />}
        onClick={() => setDoing("trash")}
      >
        Delete…
      </Button>
      <Button size="compact-md" variant="subtle" onClick={onClear}>
        Clear the selection
      </Button>
      {doing === "move" && <Move space={space} chosen={chosen} onClose={close} />}
      {doing === "trash" && (
        <Sure title={`Delete ${words}?`} action="Delete" run={() => trash(chosen)} onClose={close}>
          They go to the trash of {space.name}, from where they can be taken back for a while.
        </Sure>
      )}
    </section>
  );
}

function Move({ space, chosen, onClose }: { space: Space; chosen: Artifact[]; onClose: () => void }) {
  const { data: threads } = useQuery(allThreads(space.id));
  const move = useMutation({
    mutationFn: async (thread: string) => {
      for (const one of chosen)
        await told(
          api.PATCH("/v1/spaces/{space_id}/artifacts/{artifact_id}", {
            params: place(one),
            body: { thread_ids: thread ? [thread] : [] },
          }),
        );
    },
    onSuccess: onClose,
    // Those that went before one was refused are there.
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["artifacts", space.id] }),
  });
  return (
    <Modal opened onClose={onClose} title={`Move ${counted(chosen.length, "artifact")}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          move.mutate(String(new FormData(event.currentTarget).get("thread")));
        }}
      >
        <Stack>
          <Refusal error={move.error} />
          <NativeSelect
            name="thread"
            label="Thread"
            description="They leave the threads they are in"
            data={[
              ...(threads?.data ?? []).map(({ id, title }) => ({ value: id, label: title })),
              { value: "", label: "No thread" },
            ]}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={move.isPending} disabled={!threads}>
              Move
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
