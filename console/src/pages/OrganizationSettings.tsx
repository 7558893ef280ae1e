import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, me, Problem, queryClient, told } from "../api";
import { organization as asked, type Organization as House, member, members, type Place, remove } from "../api/people";
import { Notice } from "../parts/Notice";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";

/** Name and handle of an organization, leaving it, and its end. */
export function OrganizationSettings({ house }: { house: House }) {
  if (house.role === "guest")
    return (
      <Notice title="Settings are for members">
        <Text>You are a guest: you belong to some of its spaces, not to the organization.</Text>
      </Notice>
    );
  const leads = house.role === "owner" || house.role === "admin";
  return (
    <div className="sections">
      {leads ? (
        <About house={house} />
      ) : (
        <Text c="dimmed">You are {house.role} here. Owners and admins change its name and handle.</Text>
      )}
      {!house.personal && <Leaving house={house} />}
      {house.role === "owner" && <Ending house={house} />}
    </div>
  );
}

function About({ house }: { house: House }) {
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: (form: FormData) =>
      told(
        api.PATCH("/v1/organizations/{handle}", {
          params: { path: { handle: house.handle } },
          body: { name: String(form.get("name")), handle: String(form.get("handle")) },
        }),
      ),
    onSuccess: async (changed) => {
      queryClient.setQueryData(asked(changed.handle).queryKey, changed);
      queryClient.invalidateQueries({ queryKey: ["organizations"] });
      queryClient.invalidateQueries({ queryKey: ["spaces"] });
      notifications.show({ title: "Saved", message: "The organization is as you see it here.", autoClose: 4_000 });
      if (changed.handle !== house.handle)
        await navigate({ to: "/orgs/$handle", params: { handle: changed.handle }, search: { tab: "settings" } });
    },
  });
  const fields: Record<string, string> = change.error instanceof Problem ? change.error.fields : {};
  const taken = change.error instanceof Problem && change.error.status === 409 ? change.error.message : undefined;
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
          <Refusal error={taken ? null : change.error} fields={["name", "handle"]} />
          <TextInput name="name" label="Name" required maxLength={255} defaultValue={house.name} error={fields.name} />
          <TextInput
            name="handle"
            label="Handle"
            description="Programs know the organization by it: after a change, the old one is unknown at once."
            required
            maxLength={63}
            defaultValue={house.handle}
            error={taken ?? fields.handle}
          />
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

function Leaving({ house }: { house: House }) {
  const { data: self } = useSuspenseQuery(me());
  const place: Place = { kind: "organization", id: house.handle, name: house.name };
  const { data: own } = useQuery(member(place, self.id));
  const { data } = useInfiniteQuery(members(place));
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  if (!own) return null;
  const pages = data?.pages ?? [];
  const owners = pages.flatMap((page) => page.data.filter((one) => one.role === "owner" && one.state === "active"));
  // Where not all are loaded the server knows.
  const only = own.role === "owner" && owners.length < 2 && pages.at(-1)?.cursor === null;
  const leave = async () => {
    await remove(place, self.id);
    await navigate({ to: "/orgs" });
    queryClient.invalidateQueries();
  };
  return (
    <section className="panel" aria-labelledby="leaving">
      <Title order={2} id="leaving">
        Leave the organization
      </Title>
      {only ? (
        <Text c="dimmed">You are its only owner. Make somebody else owner first, or delete it.</Text>
      ) : (
        <Button variant="default" onClick={() => setAsking(true)}>
          Leave…
        </Button>
      )}
      {asking && (
        <Sure title={`Leave ${house.name}?`} action="Leave" run={leave} onClose={() => setAsking(false)}>
          <Text>Roles that you have in single spaces stay. To come back you need another invitation.</Text>
        </Sure>
      )}
    </section>
  );
}

function Ending({ house }: { house: House }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const run = async () => {
    try {
      await told(api.DELETE("/v1/organizations/{handle}", { params: { path: { handle: house.handle } } }));
    } catch (error) {
      if (error instanceof Problem && error.status === 409)
        throw new Problem(409, `${error.message} Delete them or transfer what they hold first.`, error.requestId, {});
      throw error;
    }
    await navigate({ to: "/orgs" });
    queryClient.invalidateQueries({ queryKey: ["organizations"] });
    notifications.show({ title: "Deleted", message: `${house.name} is gone.`, autoClose: 6_000 });
  };
  return (
    <section className="panel danger" aria-labelledby="ending">
      <Title order={2} id="ending">
        Delete the organization
      </Title>
      {house.personal ? (
        <Text c="dimmed">A personal organization ends with its account alone.</Text>
      ) : (
        <>
          <Text mb="md">Only an organization without spaces can be deleted. Its service keys end with it.</Text>
          <Button color="red" variant="outline" className="danger" onClick={() => setAsking(true)}>
            Delete the organization…
          </Button>
        </>
      )}
      {asking && (
        <Sure title={`Delete ${house.name}?`} action="Delete for good" run={run} onClose={() => setAsking(false)}>
          <Text>Its people lose it, its handle becomes free, and there is no way back.</Text>
        </Sure>
      )}
    </section>
  );
}
