import "../people.css";
import { Button, Group, Modal, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, space as asked, me, queryClient, type Space, told } from "../api";
import { member, members, type Place, remove, useEverybody } from "../api/people";
import { Invite, Pending } from "../parts/Invitations";
import { Members } from "../parts/Members";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { SPACE_ROLES } from "../roles";
import { may } from "../words";

const route = getRouteApi("/spaces/$spaceId/people");

/** Who is in a space, who is invited, and whose it is. */
export function People() {
  const { spaceId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const place: Place = { kind: "space", id: space.id, name: space.name };
  const manages = may(space, "admin");
  if (space.role === null) return <Text c="dimmed">Who is in a public space is known to its members alone.</Text>;
  return (
    <div className="sections broad">
      <section aria-labelledby="members">
        <Title order={2} id="members" className="caption">
          Members
        </Title>
        <Members
          place={place}
          roles={SPACE_ROLES}
          manages={manages}
          fixed={(one) => (one.role === "owner" ? "A space has one owner, who changes by a transfer." : undefined)}
        />
        {!manages && (
          <Text size="sm" c="dimmed">
            You are {space.role} here. Admins invite people and change roles
            {space.owner && `; ask ${space.owner.username}, who owns the space`}.
          </Text>
        )}
      </section>
      {manages && (
        <>
          <Invite place={place} roles={SPACE_ROLES} />
          <section aria-labelledby="pending">
            <Title order={2} id="pending" className="caption">
              Pending invitations
            </Title>
            <Pending place={place} />
          </section>
        </>
      )}
      {may(space, "owner") && <Ownership space={space} place={place} />}
      <Leaving space={space} place={place} />
    </div>
  );
}

function Ownership({ space, place }: { space: Space; place: Place }) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="panel" aria-labelledby="ownership">
      <Title order={2} id="ownership">
        Ownership
      </Title>
      <Text mb="md">
        {space.owner?.username ?? "Nobody"} owns this space: only the owner can delete it or hand it over. A space
        always has exactly one owner; the old one stays as admin.
      </Text>
      <Button variant="default" onClick={() => setAsking(true)}>
        Transfer the space…
      </Button>
      {asking && <Transfer space={space} place={place} onClose={() => setAsking(false)} />}
    </section>
  );
}

function Transfer({ space, place, onClose }: { space: Space; place: Place; onClose: () => void }) {
  const { all, whole } = useEverybody(place);
  const heirs = all.filter((one) => one.state === "active" && one.role !== "owner");
  const transfer = useMutation({
    mutationFn: (userId: string) =>
      told(
        api.POST("/v1/spaces/{space_id}/transfer", {
          params: { path: { space_id: space.id } },
          body: { user_id: userId },
        }),
      ),
    onSuccess: (changed) => {
      queryClient.setQueryData(asked(space.id).queryKey, changed);
      queryClient.invalidateQueries({ queryKey: members(place).queryKey });
      queryClient.invalidateQueries({ queryKey: ["spaces"] });
      onClose();
      notifications.show({ title: "Transferred", message: `${changed.owner?.username} owns ${space.name} now.` });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    transfer.mutate(String(new FormData(event.currentTarget).get("heir")));
  };
  return (
    <Modal opened onClose={onClose} title={`Transfer ${space.name}`}>
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={transfer.error} />
          {whole && heirs.length === 0 ? (
            <Text>
              There is nobody to give it to. Invite somebody first; once they have an account, they are listed here.
            </Text>
          ) : (
            <NativeSelect
              name="heir"
              label="New owner"
              description={whole ? "An active member of this space" : "Loading the members…"}
              data={heirs.map(({ user }) => ({ value: user.id, label: user.username }))}
              data-autofocus
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={heirs.length === 0} loading={transfer.isPending}>
              Transfer
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Leaving({ space, place }: { space: Space; place: Place }) {
  const { data: self } = useSuspenseQuery(me());
  const { data: own } = useQuery(member(place, self.id));
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  if (!own) return null;
  const leave = async () => {
    await remove(place, self.id);
    await navigate({ to: "/" });
    queryClient.removeQueries({ queryKey: ["space", space.id] });
    queryClient.invalidateQueries({ queryKey: ["spaces"] });
    notifications.show({ title: "You left", message: `You have no role of your own in ${space.name} any more.` });
  };
  return (
    <section className="panel" aria-labelledby="leaving">
      <Title order={2} id="leaving">
        Leave the space
      </Title>
      {own.role === "owner" ? (
        <Text c="dimmed">The owner cannot leave. Transfer the space to somebody else first.</Text>
      ) : (
        <>
          <Text mb="md">You can come back only if an admin invites you again.</Text>
          <Button variant="default" onClick={() => setAsking(true)}>
            Leave…
          </Button>
        </>
      )}
      {asking && (
        <Sure title={`Leave ${space.name}?`} action="Leave" run={leave} onClose={() => setAsking(false)}>
          <Text>What you made stays. To come back you need another invitation.</Text>
        </Sure>
      )}
    </section>
  );
}
