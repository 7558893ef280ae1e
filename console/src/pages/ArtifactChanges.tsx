import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type Artifact, api, Problem, queryClient, told } from "../api";
import { Refusal } from "../parts/Refusal";

const place = (artifact: Artifact) => ({ path: { space_id: artifact.space_id, artifact_id: artifact.id } });
const refresh = ({ space_id, id }: Artifact) => {
  for (const queryKey of [
    ["artifacts", space_id],
    ["artifact", space_id, id],
    ["trash", space_id],
  ])
    queryClient.invalidateQueries({ queryKey });
};
const failed = (title: string) => (error: Error) =>
  notifications.show({ color: "red", title, message: error.message, autoClose: false });

/** Into the trash, with a way back for as long as the message stands; whether all of them went. */
export async function trash(artifacts: Artifact[]): Promise<boolean> {
  const gone: Artifact[] = [];
  let stays = false;
  for (const one of artifacts) {
    try {
      await told(api.DELETE("/v1/spaces/{space_id}/artifacts/{artifact_id}", { params: place(one) }));
      gone.push(one);
    } catch (error) {
      stays = true;
      failed(`${one.name} is still there`)(error as Error);
      break;
    }
  }
  const [first] = gone;
  if (first === undefined) return false;
  // Not their own pages: one of those is left, and would only hear that it is gone.
  for (const name of ["artifacts", "trash"]) queryClient.invalidateQueries({ queryKey: [name, first.space_id] });
  const undo = () => {
    notifications.hide(first.id);
    for (const one of gone)
      told(api.POST("/v1/spaces/{space_id}/artifacts/{artifact_id}/restore", { params: place(one) }))
        .then(() => refresh(one))
        .catch(failed(`${one.name} stays in the trash`));
  };
  notifications.show({
    id: first.id,
    title: gone.length === 1 ? `${first.name} is in the trash` : `${gone.length} artifacts are in the trash`,
    message: (
      <Button size="compact-sm" variant="default" mt={6} onClick={undo}>
        Undo
      </Button>
    ),
    autoClose: 12_000,
  });
  return !stays;
}

/** The dialog that gives an artifact another name. */
export function Rename({ artifact, onClose }: { artifact: Artifact; onClose: () => void }) {
  const rename = useMutation({
    mutationFn: (name: string) =>
      told(api.PATCH("/v1/spaces/{space_id}/artifacts/{artifact_id}", { params: place(artifact), body: { name } })),
    onSuccess: () => {
      refresh(artifact);
      onClose();
    },
  });
  const fields = rename.error instanceof Problem ? rename.error.fields : {};
  return (
    <Modal opened onClose={onClose} title="Rename">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate(String(new FormData(event.currentTarget).get("name")));
        }}
      >
        <Stack>
          <Refusal error={rename.error} fields={["name"]} />
          <TextInput
            name="name"
            label="Name"
            required
            maxLength={255}
            defaultValue={artifact.name}
            error={fields.name}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={rename.isPending}>
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
