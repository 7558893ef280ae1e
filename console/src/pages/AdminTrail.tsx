import { Button, NativeSelect, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type Deed, trail } from "../api/administration";
import { happened } from "../deeds";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";
import { APIS } from "./Requests";

const route = getRouteApi("/admin");
const KINDS = [
  { value: "", label: "Everything" },
  { value: "session", label: "Sessions" },
  { value: "login", label: "Sign-ins" },
  { value: "password", label: "Passwords" },
  { value: "person", label: "People" },
  { value: "key", label: "Keys" },
  { value: "application", label: "Applications" },
  { value: "consent", label: "Consents" },
  { value: "space", label: "Spaces" },
  { value: "member", label: "Members" },
  { value: "organization", label: "Organizations" },
  { value: "artifact", label: "Artifacts" },
];

/** Who did what in the whole installation. */
export function Trail() {
  const { action, person } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <div className="filters">
        <NativeSelect
          aria-label="What it is about"
          data={KINDS}
          value={action ?? ""}
          onChange={({ currentTarget }) => {
            const chosen = currentTarget.value || undefined;
            navigate({ search: (now) => ({ ...now, action: chosen }) });
          }}
        />
        {person && (
          <Button variant="default" onClick={() => navigate({ search: (now) => ({ ...now, person: undefined }) })}>
            Of everybody
          </Button>
        )}
      </div>
      <List action={action} person={person} />
    </>
  );
}

function List({ action, person }: { action?: string; person?: string }) {
  const query = useInfiniteQuery(trail(action, person));
  const navigate = route.useNavigate();
  if (query.isPending) return <Waiting what="the audit trail" rows={6} />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="Nothing matches">
        <Text>Nothing of that kind was written down.</Text>
        <Button variant="default" onClick={() => navigate({ search: { tab: "trail" } })}>
          Clear filters
        </Button>
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>How</Table.Th>
            <Table.Th>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((deed) => (
            <Row key={deed.id} of={deed} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "event" : "events"} query={query} />
    </>
  );
}

function Row({ of: deed }: { of: Deed }) {
  // Of a right that was used the sentence tells everything.
  const facts = Object.entries(deed.detail).filter(([name]) => name !== "permission");
  const detail = facts
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name plain">
        {happened(deed)} {deed.result !== "done" && <Tag tone="alarm">{deed.result}</Tag>}{" "}
        {deed.privileged && <Tag tone="busy">as administrator</Tag>}
        <div className="detail">
          {deed.space_id && (
            <Link to="/spaces/$spaceId" params={{ spaceId: deed.space_id }}>
              in a space
            </Link>
          )}{" "}
          {detail && <code>{detail}</code>}
        </div>
      </Table.Th>
      <Table.Td data-label="Who">
        {deed.person ? (deed.person.username ?? "Somebody who left") : "Courtyard"}
        {deed.address && <div className="detail">{deed.address}</div>}
      </Table.Td>
      <Table.Td data-label="How">
        <span title={deed.request_id ? `Request ${deed.request_id}` : undefined}>
          {APIS[deed.dialect ?? ""] ?? deed.dialect ?? "by itself"}
        </span>
      </Table.Td>
      <Table.Td data-label="When">
        <Moment at={deed.at} />
      </Table.Td>
    </Table.Tr>
  );
}
