import {
  Alert,
  Anchor,
  Button,
  FileButton,
  Group,
  Modal,
  Radio,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { api, space as asked, Problem, queryClient, type Space, told, type Visibility } from "../api";
import { PICTURES, putBackground } from "../api/whole";
import { Cover } from "../parts/Cover";
import { Notice } from "../parts/Notice";
import { Refusal } from "../parts/Refusal";
import { may, VISIBILITIES } from "../words";
import { Whole } from "./SpaceWhole";

const route = getRouteApi("/spaces/$spaceId/settings");
const place = (space: Space) => ({ path: { space_id: space.id } });

/** What is shown of a space, and its end. */
export function SpaceSettings() {
  const { spaceId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  if (!may(space, "editor"))
    return (
      <Notice title="Settings are for admins">
        <Text>
          You look at this space as {space.role ?? "a visitor"}.
          {space.owner && ` Its owner ${space.owner.username} can give you another role.`}
        </Text>
      </Notice>
    );
  return (
    <div className="sections">
      {may(space, "admin") && <About space={space} />}
      <Background space={space} />
      <Whole space={space} />
      {may(space, "owner") && <Ending space={space} />}
    </div>
  );
}

function saved(space: Space): void {
  queryClient.setQueryData(asked(space.id).queryKey, space);
  queryClient.invalidateQueries({ queryKey: ["spaces"] });
}

function About({ space }: { space: Space }) {
  const [visibility, setVisibility] = useState(space.visibility);
  const change = useMutation({
    mutationFn: (form: FormData) =>
      told(
        api.PATCH("/v1/spaces/{space_id}", {
          params: place(space),
          body: {
            name: String(form.get("name")),
            description: String(form.get("description")) || null,
            visibility: form.get("visibility") as Visibility,
          },
        }),
      ),
    onSuccess: (changed) => {
      saved(changed);
      notifications.show({ title: "Saved", message: "The space is as you see it here.", autoClose: 4_000 });
    },
  });
  const fields = change.error instanceof Problem ? change.error.fields : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(new FormData(event.currentTarget));
  };
  return (
    <section className="panel" aria-labelledby="about">
      <Title order={2} id="about">
        About
      </Title>
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={change.error} fields={["name", "description", "visibility"]} />
          <TextInput name="name" label="Name" required maxLength={255} defaultValue={space.name} error={fields.name} />
          <Textarea
            name="description"
            label="Description"
            rows={3}
            defaultValue={space.description ?? ""}
            error={fields.description}
          />
          <Radio.Group
            name="visibility"
            label="Who may see it"
            value={visibility}
            onChange={(value) => setVisibility(value as Visibility)}
            error={fields.visibility}
          >
            <Stack gap="xs" mt="xs">
              {VISIBILITIES.map(({ value, label, meaning }) => (
                <Radio key={value} value={value} label={label} description={meaning} />
              ))}
            </Stack>
          </Radio.Group>
          {visibility === "public" && space.visibility !== "public" && <GoingPublic space={space} />}
          {space.visibility === "public" && <Anchor href={`/p/${space.slug}`}>The page that everybody sees</Anchor>}
          <Group>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}

/** What saving would show to strangers. More than a hundred artifacts are not counted. */
function GoingPublic({ space }: { space: Space }) {
  const { data } = useQuery({
    queryKey: ["artifacts", space.id, "count"],
    queryFn: () =>
      told(api.GET("/v1/spaces/{space_id}/artifacts", { params: { ...place(space), query: { limit: 100 } } })),
  });
  const count = data && (data.cursor ? "More than 100" : String(data.data.length));
  return (
    <Alert className="refusal" role="status">
      Everybody will see the name, the description and the background.{" "}
      {count &&
        `${count} ${count === "1" ? "artifact becomes" : "artifacts become"} readable for everybody with an account.`}{" "}
      Threads, customers and people stay inside.
    </Alert>
  );
}

function Background({ space }: { space: Space }) {
  const again = useRef<() => void>(null);
  const change = useMutation({
    mutationFn: (file: File) => putBackground(space, file),
    onSuccess: saved,
    // The same file may be chosen again, for it may have been mended meanwhile.
    onSettled: () => again.current?.(),
  });
  const remove = useMutation({
    mutationFn: () => told(api.DELETE("/v1/spaces/{space_id}/background", { params: place(space) })),
    onSuccess: () => saved({ ...space, background_url: null }),
  });
  return (
    <section className="panel" aria-labelledby="background">
      <Title order={2} id="background">
        Background
      </Title>
      <Stack>
        <Refusal error={change.error ?? remove.error} />
        <div className="swatch">
          <Cover space={space} />
        </div>
        <Text size="sm" c="dimmed">
          PNG, JPEG, WebP or GIF, at most 10 MB. Without one the space keeps its own pattern.
        </Text>
        <Group>
          <FileButton
            resetRef={again}
            accept={PICTURES}
            onChange={(file) => file && change.mutate(file)}
            inputProps={{ "aria-label": "Background image" }}
          >
            {(props) => (
              <Button {...props} variant="default" loading={change.isPending}>
                Choose an image
              </Button>
            )}
          </FileButton>
          {space.background_url && (
            <Button variant="subtle" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove
            </Button>
          )}
        </Group>
      </Stack>
    </section>
  );
}

function Ending({ space }: { space: Space }) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="panel danger" aria-labelledby="ending">
      <Title order={2} id="ending">
        Delete the space
      </Title>
      <Text mb="md">Its files, threads, jobs, customers and invitations go with it. There is no way back.</Text>
      <Button color="red" variant="outline" className="danger" onClick={() => setAsking(true)}>
        Delete the space…
      </Button>
      {asking && <Delete space={space} onClose={() => setAsking(false)} />}
    </section>
  );
}

function Delete({ space, onClose }: { space: Space; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => told(api.DELETE("/v1/spaces/{space_id}", { params: place(space) })),
    onSuccess: async () => {
      await navigate({ to: "/" });
      queryClient.removeQueries({ queryKey: ["space", space.id] });
      queryClient.invalidateQueries({ queryKey: ["spaces"] });
      notifications.show({ title: "Deleted", message: `${space.name} is gone.`, autoClose: 6_000 });
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Delete ${space.name}?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === space.name) remove.mutate();
        }}
      >
        <Stack>
          <Refusal error={remove.error} />
          <TextInput
            label={`Type ${space.name} to go on`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Keep it
            </Button>
            <Button type="submit" color="red" disabled={typed !== space.name} loading={remove.isPending}>
              Delete for good
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
