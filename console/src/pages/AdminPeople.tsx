import { Button, Menu, NativeSelect, Table, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChevronDown, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, me, queryClient, told } from "../api";
import { everybody, type Person } from "../api/administration";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";

const route = getRouteApi("/admin");
const STATES = [
  { value: "", label: "Everybody" },
  { value: "active", label: "Active" },
  { value: "invited", label: "Invited" },
  { value: "disabled", label: "Disabled" },
];

/** All accounts of the installation. */
export function Everybody() {
  const { q, state } = route.useSearch();
  const navigate = route.useNavigate();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("q")).trim();
    navigate({ search: (now) => ({ ...now, q: typed || undefined }) });
  };
  return (
    <>
      <form className="filters" onSubmit={submit} aria-label="Search people">
        <TextInput
          key={q}
          type="search"
          className="grow"
          name="q"
          aria-label="Name or address contains"
          placeholder="Name or address…"
          defaultValue={q}
          leftSection={<IconSearch size={17} aria-hidden />}
        />
        <Button type="submit" variant="default">
          Search
        </Button>
        <NativeSelect
          aria-label="State"
          data={STATES}
          value={state ?? ""}
          onChange={({ currentTarget }) => {
            const chosen = (currentTarget.value || undefined) as Person["state"] | undefined;
            navigate({ search: (now) => ({ ...now, state: chosen }) });
          }}
        />
      </form>
      <List q={q} state={state} />
    </>
  );
}

type Step = { title: string; action: string; meaning: string; done: string; run: () => Promise<unknown> };

/** What an administrator can do with an account. */
function steps(person: Person): Record<string, Step> {
  const params = { path: { person_id: person.id } };
  const set = (body: { disabled?: boolean; administrator?: boolean }) => () =>
    told(api.PATCH("/v1/people/{person_id}", { params, body }));
  const { username } = person;
  return {
    disable: {
      title: `Disable ${username}?`,
      action: "Disable",
      meaning: "Their sessions, keys, tokens and running jobs end at once, and stay ended. What they made stays.",
      done: `${username} is disabled.`,
      run: set({ disabled: true }),
    },
    enable: {
      title: `Let ${username} in again?`,
      action: "Enable",
      meaning: "They can sign in again. Keys that ended stay ended.",
      done: `${username} can sign in again.`,
      run: set({ disabled: false }),
    },
    promote: {
      title: `Make ${username} an administrator?`,
      action: "Make administrator",
      meaning: "Administrators act as owner everywhere, and see everybody. Each such act is written down.",
      done: `${username} is an administrator.`,
      run: set({ administrator: true }),
    },
    demote: {
      title: `Take the administration from ${username}?`,
      action: "Take it away",
      meaning: "They keep their account and their roles.",
      done: `${username} is no administrator any more.`,
      run: set({ administrator: false }),
    },
    reset: {
      title: `Send ${username} a link for a new password?`,
      action: "Send the link",
      meaning: "The old password works until the link is used.",
      done: `A link is on its way to ${person.email}.`,
      run: () => told(api.POST("/v1/people/{person_id}/reset", { params })),
    },
    second: {
      title: `Remove the second factor of ${username}?`,
      action: "Remove it",
      meaning: "App, passkeys and recovery codes end: for somebody who lost them all. Be sure who asks.",
      done: `A password alone opens the account of ${username} now.`,
      run: () => told(api.DELETE("/v1/people/{person_id}/second-factor", { params })),
    },
  };
}

function List({ q, state }: { q?: string; state?: Person["state"] }) {
  const query = useInfiniteQuery(everybody(q, state));
  const navigate = route.useNavigate();
  const [step, setStep] = useState<Step>();
  if (query.isPending) return <Waiting what="the people" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="Nobody matches">
        <Text>No account has that in its name or address.</Text>
        <Button variant="default" onClick={() => navigate({ search: { tab: "people" } })}>
          Clear filters
        </Button>
      </Notice>
    );
  const run = async ({ run, done }: Step) => {
    await run();
    queryClient.invalidateQueries({ queryKey: ["everybody"] });
    notifications.show({ title: "Done", message: done, autoClose: 6_000 });
  };
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Last seen</Table.Th>
            <Table.Th>Since</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((person) => (
            <Row key={person.id} person={person} onStep={setStep} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "person" : "people"} query={query} />
      {step && (
        <Sure title={step.title} action={step.action} run={() => run(step)} onClose={() => setStep(undefined)}>
          <Text>{step.meaning}</Text>
        </Sure>
      )}
    </>
  );
}

function Row({ person, onStep }: { person: Person; onStep: (step: Step) => void }) {
  const { data: self } = useSuspenseQuery(me());
  const navigate = route.useNavigate();
  const all = steps(person);
  const offered = [
    person.state === "active" && (person.administrator ? all.demote : all.promote),
    person.state === "active" && all.reset,
    person.second_factor && all.second,
    person.state === "disabled" ? all.enable : person.id !== self.id && all.disable,
  ];
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        {person.username} {person.administrator && <Tag tone="accent">administrator</Tag>}
        <div className="detail">{person.email}</div>
      </Table.Th>
      <Table.Td data-label="State">
        <Tag tone={person.state === "active" ? "good" : person.state === "disabled" ? "alarm" : "busy"}>
          {person.state}
        </Tag>
        {person.state === "active" && !person.email_verified && <div className="detail">address not verified</div>}
        {person.second_factor && <div className="detail">second factor</div>}
      </Table.Td>
      <Table.Td data-label="Last seen" className="told">
        {person.last_seen_at ? <Moment at={person.last_seen_at} /> : "never"}
      </Table.Td>
      <Table.Td data-label="Since" className="told">
        <Moment at={person.created_at} />
      </Table.Td>
      <Table.Td className="does wide">
        <Menu>
          <Menu.Target>
            <Button variant="subtle" size="compact-md" rightSection={<IconChevronDown size={15} aria-hidden />}>
              Change<span className="unseen"> {person.username}</span>
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {offered.map(
              (step) =>
                step && (
                  <Menu.Item key={step.action} onClick={() => onStep(step)}>
                    {step.action}…
                  </Menu.Item>
                ),
            )}
            <Menu.Item onClick={() => navigate({ search: { tab: "trail", person: person.id } })}>
              What they did
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}
