import "../people.css";
import "../programs.css";
import { Button, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { me, queryClient } from "../api";
import { leads, placeName, type Received, received } from "../api/news";
import { remove } from "../api/people";
import { Failure } from "../parts/Failure";
import { Go } from "../parts/Go";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Sure } from "../parts/Sure";
import { Waiting } from "../parts/Waiting";
import { label } from "../roles";

/** Where one was invited to, by whom, and the way there; whoever does not want to be there leaves. */
export function Invitations() {
  return (
    <>
      <title>Invitations · Courtyard</title>
      <div className="head">
        <Title order={1}>Invitations</Title>
      </div>
      <Text c="dimmed" mb="lg" maw="46rem">
        Whoever invites you makes you a member at once. What you do not want to be in you can leave here.
      </Text>
      <List />
    </>
  );
}

function List() {
  const query = useInfiniteQuery(received());
  const [leaving, setLeaving] = useState<Received>();
  if (query.isPending) return <Waiting what="your invitations" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="Nobody has invited you yet">
        <Text>Spaces and organizations that others add you to are listed here.</Text>
        <Go to="/" variant="default">
          To the spaces
        </Go>
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>To</Table.Th>
            <Table.Th>As</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((one) => (
            <Row key={one.id} of={one} onLeave={() => setLeaving(one)} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "invitation" : "invitations"} query={query} />
      {leaving && <Leaving of={leaving} onClose={() => setLeaving(undefined)} />}
    </>
  );
}

function Row({ of: one, onLeave }: { of: Received; onLeave: () => void }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        <Link to={leads(one) as "/"}>{placeName(one)}</Link>
        <div className="detail">{one.space ? `A space of ${one.organization.name}` : "An organization"}</div>
      </Table.Th>
      <Table.Td data-label="As">{label(one.role)}</Table.Td>
      <Table.Td data-label="By">{one.by?.username ?? "Somebody who left"}</Table.Td>
      <Table.Td data-label="When">
        <Moment at={one.created_at} />
      </Table.Td>
      <Table.Td className="does wide">
        {one.role !== "owner" && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onLeave}>
            Leave<span className="unseen"> {placeName(one)}</span>
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Leaving({ of: one, onClose }: { of: Received; onClose: () => void }) {
  const { data: self } = useSuspenseQuery(me());
  const name = placeName(one);
  const place = one.space
    ? { kind: "space" as const, id: one.space.id, name }
    : { kind: "organization" as const, id: one.organization.handle, name };
  const run = async () => {
    await remove(place, self.id);
    queryClient.invalidateQueries();
    notifications.show({ title: "You left", message: `You have no role of your own in ${name} any more.` });
  };
  return (
    <Sure title={`Leave ${name}?`} action="Leave" run={run} onClose={onClose}>
      <Text>To come back you need another invitation.</Text>
    </Sure>
  );
}
