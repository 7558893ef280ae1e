import { Avatar, Button, NativeSelect, Skeleton, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type InfiniteData, useInfiniteQuery, useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { me, queryClient } from "../api";
import { type Member, members, type Place, remove, setRole } from "../api/people";
import { label, type RoleWord } from "../roles";
import { Failure } from "./Failure";
import { Moment } from "./Moment";
import { More } from "./More";
import { Sure } from "./Sure";
import { Tag } from "./Tag";

type Pages = InfiniteData<{ data: Member[]; cursor: string | null }>;
type Ruled = {
  place: Place;
  roles: RoleWord[];
  /** Whether the one who looks decides about others. */
  manages: boolean;
  /** Why a role cannot be changed here, where it cannot; `whole` says that all members are loaded. */
  fixed: (member: Member, all: Member[], whole: boolean) => string | undefined;
};

/** Who belongs to a space or an organization, and as what. */
export function Members(ruled: Ruled) {
  const query = useInfiniteQuery(members(ruled.place));
  const [leaving, setLeaving] = useState<Member>();
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const all = query.data.pages.flatMap((page) => page.data);
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Since</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {all.map((member) => (
            <Row
              key={member.user.id}
              member={member}
              ruled={ruled}
              fixed={ruled.fixed(member, all, !query.hasNextPage)}
              onRemove={() => setLeaving(member)}
            />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={all.length} what={all.length === 1 ? "person" : "people"} query={query} />
      {leaving && <Removal place={ruled.place} member={leaving} onClose={() => setLeaving(undefined)} />}
    </>
  );
}

type Shown = { member: Member; ruled: Ruled; fixed: string | undefined; onRemove: () => void };

function Row({ member, ruled, fixed, onRemove }: Shown) {
  const { data: self } = useSuspenseQuery(me());
  const { user } = member;
  const own = user.id === self.id;
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        <div className="person">
          <Avatar size={36} name={user.username} aria-hidden />
          <div>
            <span>{user.username}</span> {own && <Tag>you</Tag>}{" "}
            {member.state === "invited" && <Tag tone="busy">invited</Tag>}
            {user.email && (
              <Text size="sm" c="dimmed" fw={400}>
                {user.email}
              </Text>
            )}
          </div>
        </div>
      </Table.Th>
      <Table.Td data-label="Role">
        {ruled.manages && !fixed && !own ? (
          <RoleSelect member={member} ruled={ruled} />
        ) : (
          <>
            {label(member.role)}
            {ruled.manages && fixed && (
              <Text size="xs" c="dimmed" className="wraps">
                {fixed}
              </Text>
            )}
          </>
        )}
      </Table.Td>
      <Table.Td data-label="Since">
        <Moment at={member.since} />
      </Table.Td>
      <Table.Td className="does wide">
        {ruled.manages && !fixed && !own && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onRemove}>
            Remove<span className="unseen"> {user.username}</span>
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** Roles that decide about others; a list that is open changes with every arrow key, so these are asked about. */
const GRAVE = ["admin", "owner"];

/** Shows the new role at once; puts the old one back, and says why, if the server refuses. */
function RoleSelect({ member, ruled }: { member: Member; ruled: Ruled }) {
  const key = members(ruled.place).queryKey;
  const [asking, setAsking] = useState<RoleWord>();
  const put = (changed: Member) =>
    queryClient.setQueryData<Pages>(
      key,
      (now) =>
        now && {
          ...now,
          pages: now.pages.map((page) => ({
            ...page,
            data: page.data.map((one) => (one.user.id === changed.user.id ? changed : one)),
          })),
        },
    );
  const change = useMutation({
    mutationFn: (role: Member["role"]) => setRole(ruled.place, member.user.id, role),
    onMutate: (role) => {
      put({ ...member, role });
      return member;
    },
    // What was there before, not `member`: by now that is what was wanted.
    onError: (error, _role, before) => {
      put(before ?? member);
      notifications.show({
        color: "red",
        autoClose: false,
        title: `${member.user.username} stays ${before?.role ?? member.role}`,
        message: error.message,
      });
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: key }),
  });
  const choose = (role: string) => {
    if (GRAVE.includes(role)) setAsking(ruled.roles.find(({ value }) => value === role));
    else change.mutate(role as Member["role"]);
  };
  return (
    <>
      <NativeSelect
        className="role"
        aria-label={`Role of ${member.user.username}`}
        data={ruled.roles.map(({ value, label: word }) => ({ value, label: word }))}
        value={member.role}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {asking && (
        <Sure
          title={`Make ${member.user.username} ${asking.value} of ${ruled.place.name}?`}
          action={`Make ${asking.value}`}
          run={async () => change.mutate(asking.value as Member["role"])}
          onClose={() => setAsking(undefined)}
        >
          <Text>{asking.meaning}</Text>
        </Sure>
      )}
    </>
  );
}

function Removal({ place, member, onClose }: { place: Place; member: Member; onClose: () => void }) {
  const run = async () => {
    await remove(place, member.user.id);
    queryClient.invalidateQueries({ queryKey: members(place).queryKey });
    queryClient.invalidateQueries({ queryKey: ["invitations", place.kind, place.id] });
  };
  return (
    <Sure title={`Remove ${member.user.username}?`} action="Remove" run={run} onClose={onClose}>
      <Text>
        {member.state === "invited"
          ? `The invitation to ${place.name} ends with it.`
          : `From their next request on, ${member.user.username} has no role in ${place.name} any more. What they made stays.`}
      </Text>
    </Sure>
  );
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the people">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={58} />
      ))}
    </div>
  );
}
