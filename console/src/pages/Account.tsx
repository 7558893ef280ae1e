import "../people.css";
import "../programs.css";
import { Button, Group, Stack, Tabs, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type Me, me, Problem, queryClient, told } from "../api";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { complaint } from "../refusals";
import { Happenings, Sessions } from "./AccountPast";
import { Preferences } from "./AccountPreferences";
import { Security } from "./AccountSecurity";

const route = getRouteApi("/account");
const TABS = [
  { value: "profile", label: "Profile" },
  { value: "security", label: "Security" },
  { value: "sessions", label: "Sessions" },
  { value: "activity", label: "Activity" },
  { value: "preferences", label: "Preferences" },
] as const;
export type AccountTab = (typeof TABS)[number]["value"];

/** The account of whoever looks. */
export function Account() {
  const { tab = "profile" } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: person } = useSuspenseQuery(me());
  return (
    <>
      <title>Account · Courtyard</title>
      <div className="head">
        <div>
          <Title order={1}>Account</Title>
          <div className="facts">
            <span>{person.username}</span>
            {person.administrator && <Tag tone="accent">administrator</Tag>}
          </div>
        </div>
      </div>
      <Tabs
        className="tabs"
        value={tab}
        onChange={(to) => navigate({ search: { tab: TABS.find((one) => one.value === to)?.value } })}
        keepMounted={false}
        activateTabWithKeyboard={false}
      >
        <Tabs.List aria-label="Parts of the account">
          {TABS.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} pt="lg">
          {tab === "profile" && <Profile person={person} />}
          {tab === "security" && <Security />}
          {tab === "sessions" && <Sessions />}
          {tab === "activity" && <Happenings />}
          {tab === "preferences" && <Preferences />}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Profile({ person }: { person: Me }) {
  return (
    <div className="sections">
      <Username person={person} />
      <Address person={person} />
      <Ending person={person} />
    </div>
  );
}

function Username({ person }: { person: Me }) {
  const change = useMutation({
    mutationFn: (username: string) => told(api.PATCH("/v1/me", { body: { username } })),
    onSuccess: (now) => {
      queryClient.setQueryData(me().queryKey, now);
      queryClient.invalidateQueries({ queryKey: ["organizations"] });
      notifications.show({ title: "Saved", message: `You are ${now.username} now.`, autoClose: 4_000 });
    },
  });
  const taken = change.error instanceof Problem && change.error.status === 409 ? change.error.message : undefined;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(String(new FormData(event.currentTarget).get("username")));
  };
  return (
    <section className="panel" aria-labelledby="username">
      <Title order={2} id="username">
        Name
      </Title>
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={taken ? null : change.error} fields={["username"]} />
          <TextInput
            name="username"
            label="Username"
            description="Others see it. Your personal organization is called by it too."
            required
            autoCapitalize="none"
            autoComplete="username"
            defaultValue={person.username}
            error={taken ?? complaint(change.error, "username")}
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

function Address({ person }: { person: Me }) {
  const change = useMutation({
    mutationFn: (email: string) => told(api.POST("/v1/me/email", { body: { email } })),
    onSuccess: (now) => queryClient.setQueryData(me().queryKey, now),
  });
  const verify = useMutation({
    mutationFn: () => told(api.POST("/v1/me/email/verification")),
    onSuccess: () =>
      notifications.show({ title: "Sent", message: `A link is on its way to ${person.email}.`, autoClose: 6_000 }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    change.mutate(String(new FormData(form).get("email")), { onSuccess: () => form.reset() });
  };
  return (
    <section className="panel" aria-labelledby="address">
      <Title order={2} id="address">
        E-mail
      </Title>
      <Stack>
        <Group gap="sm">
          <span className="long">{person.email ?? "None"}</span>
          {person.email && (
            <Tag tone={person.email_verified ? "good" : "busy"}>
              {person.email_verified ? "verified" : "not verified"}
            </Tag>
          )}
          {person.email && !person.email_verified && (
            <Button variant="subtle" size="compact-md" loading={verify.isPending} onClick={() => verify.mutate()}>
              Send the link again
            </Button>
          )}
        </Group>
        <Refusal error={verify.error} />
        {person.pending_email && (
          <Text className="hint" role="status">
            {person.pending_email} waits for you: open the link that was mailed there, within an hour. Until then
            nothing changes.
          </Text>
        )}
        <form onSubmit={submit}>
          <Stack>
            <Refusal error={change.error} fields={["email"]} />
            <TextInput
              type="email"
              name="email"
              label="New address"
              description="It is yours once you opened the link that is mailed to it. The old address is told."
              required
              autoComplete="email"
              error={complaint(change.error, "email")}
            />
            <Group>
              <Button type="submit" variant="default" loading={change.isPending}>
                Change the address
              </Button>
            </Group>
          </Stack>
        </form>
      </Stack>
    </section>
  );
}

function Ending({ person }: { person: Me }) {
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const run = async () => {
    await told(api.DELETE("/v1/me", { body: {} }));
    location.assign("/login");
  };
  return (
    <section className="panel danger" aria-labelledby="ending">
      <Title order={2} id="ending">
        Delete the account
      </Title>
      <Text mb="md">
        Your personal organization, organizations where you are alone, and all spaces in them go with it. What you own
        together with others has to be handed over first.
      </Text>
      <TextInput
        label={`Type ${person.username} to go on`}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        mb="md"
      />
      <Button
        color="red"
        variant="outline"
        className="danger"
        disabled={typed !== person.username}
        onClick={() => setAsking(true)}
      >
        Delete the account…
      </Button>
      {asking && (
        <Sure
          title={`Delete ${person.username} for good?`}
          action="Delete my account"
          run={run}
          onClose={() => setAsking(false)}
        >
          <Text>You are signed out everywhere, your keys end, and there is no way back.</Text>
        </Sure>
      )}
    </section>
  );
}
