import { Button, Group, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, queryClient, told } from "../api";
import { type Happening, happenings, type Session, sessions } from "../api/account";
import { agent, happened } from "../deeds";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";
import { APIS } from "./Requests";

/** The browsers that are signed in. */
export function Sessions() {
  const query = useInfiniteQuery(sessions());
  const [asking, setAsking] = useState(false);
  const end = useMutation({
    mutationFn: ({ id }: Session) =>
      told(api.DELETE("/v1/me/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["sessions"] }),
    onError: (error) =>
      notifications.show({ color: "red", autoClose: false, title: "It is still signed in", message: error.message }),
  });
  if (query.isPending) return <Waiting what="your sessions" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  const others = async () => {
    await told(api.DELETE("/v1/me/sessions"));
    queryClient.invalidateQueries({ queryKey: ["sessions"] });
    notifications.show({ title: "Signed out", message: "Only this browser is signed in now.", autoClose: 6_000 });
  };
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Browser</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Signed in</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Th scope="row" className="name">
                <span title={one.agent ?? undefined}>{agent(one.agent)}</span>{" "}
                {one.current && <Tag tone="good">this one</Tag>}
              </Table.Th>
              <Table.Td data-label="From">{one.address ?? "–"}</Table.Td>
              <Table.Td data-label="Last used" className="told">
                <Moment at={one.last_used_at} />
              </Table.Td>
              <Table.Td data-label="Signed in" className="told">
                <Moment at={one.created_at} />
              </Table.Td>
              <Table.Td className="does wide">
                {!one.current && (
                  <Button variant="subtle" color="gray" size="compact-md" onClick={() => end.mutate(one)}>
                    Sign out<span className="unseen"> {agent(one.agent)}</span>
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "session" : "sessions"} query={query} />
      <Group mt="md">
        <Button variant="default" onClick={() => setAsking(true)}>
          Sign out everywhere else…
        </Button>
      </Group>
      {asking && (
        <Sure
          title="Sign out everywhere else?"
          action="Sign out the others"
          run={others}
          onClose={() => setAsking(false)}
        >
          <Text>All browsers but this one, and logins of the other APIs, end. Keys and applications go on.</Text>
        </Sure>
      )}
    </>
  );
}

/** What was done by the account, and to it. */
export function Happenings() {
  const query = useInfiniteQuery(happenings());
  if (query.isPending) return <Waiting what="what happened" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  return (
    <>
      <Text c="dimmed" mb="md" maw="46rem">
        What you did, and what was done or tried with your account. Is there something that you do not know? Change the
        password, and sign out everywhere else.
      </Text>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>How</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((one) => (
            <Row key={one.id} of={one} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "event" : "events"} query={query} />
    </>
  );
}

function Row({ of: one }: { of: Happening }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name plain">
        {happened(one)} {one.result !== "done" && <Tag tone="alarm">{one.result}</Tag>}{" "}
        {!one.own && <Tag>not by you</Tag>}
      </Table.Th>
      <Table.Td data-label="How">{APIS[one.dialect ?? ""] ?? one.dialect ?? "–"}</Table.Td>
      <Table.Td data-label="From">{one.address ?? "–"}</Table.Td>
      <Table.Td data-label="When">
        <Moment at={one.at} />
      </Table.Td>
    </Table.Tr>
  );
}
