import "../people.css";
import "../programs.css";
import { Button, Group, Modal, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconPlus } from "@tabler/icons-react";
import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, space as askedSpace, queryClient, told } from "../api";
import { type Key, keys } from "../api/programs";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";
import { KeySecret, NewKey } from "./NewKey";

const DAY = 86_400_000;
const GRACE = [
  { value: "0", label: "At once" },
  { value: "24", label: "In a day" },
  { value: "72", label: "In 3 days" },
  { value: "168", label: "In a week" },
];

/** The keys of one's own programs. */
export function Keys() {
  const [creating, { open, close }] = useDisclosure(false);
  const query = useInfiniteQuery(keys());
  return (
    <>
      <title>API keys · Courtyard</title>
      <div className="head">
        <Title order={1}>API keys</Title>
        <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open} data-key="n">
          New key
        </Button>
      </div>
      <Text c="dimmed" mb="lg" maw="46rem">
        A key lets a program act for you in all four APIs. Give each program its own, with as little as it needs; then
        you can end one without the others.
      </Text>
      <KeyList
        query={query}
        none={
          <Notice title="You have no keys">
            <Text>Programs need one to reach Courtyard. Its secret is shown once, as it is made.</Text>
            <Button onClick={open}>Create a key</Button>
          </Notice>
        }
      />
      {creating && <NewKey onClose={close} />}
    </>
  );
}

type Listed = { query: UseInfiniteQueryResult<Pages>; none: ReactNode };
type Pages = InfiniteData<{ data: Key[]; cursor: string | null }>;

/** Keys, each to be rotated and revoked; `none` stands where there are none. */
export function KeyList({ query, none }: Listed) {
  const [rotating, setRotating] = useState<Key>();
  const [ending, setEnding] = useState<Key>();
  if (query.isPending) return <Waiting what="the keys" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0) return none;
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>May</Table.Th>
            <Table.Th>Created</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Expires</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((key) => (
            <Row key={key.id} of={key} onRotate={() => setRotating(key)} onRevoke={() => setEnding(key)} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "key" : "keys"} query={query} />
      {rotating && <Rotate of={rotating} onClose={() => setRotating(undefined)} />}
      {ending && <Revoke of={ending} onClose={() => setEnding(undefined)} />}
    </>
  );
}

function Row({ of: key, onRotate, onRevoke }: { of: Key; onRotate: () => void; onRevoke: () => void }) {
  const over = key.expires_at !== null && Date.parse(key.expires_at) < Date.now();
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        {key.name}
        <div className="fingerprint">
          {key.prefix}…{key.last4}
        </div>
      </Table.Th>
      <Table.Td data-label="May" className="wraps">
        {key.scopes.at(-1)}
        <Limits of={key} />
      </Table.Td>
      <Table.Td data-label="Created" className="told">
        <Moment at={key.created_at} />
      </Table.Td>
      <Table.Td data-label="Last used" className="told">
        <Used of={key} />
      </Table.Td>
      <Table.Td data-label="Expires" className="told">
        <Expiry of={key} />
      </Table.Td>
      <Table.Td className="does wide">
        {!over && key.successor_id === null && (
          <Button variant="subtle" size="compact-md" onClick={onRotate}>
            Rotate<span className="unseen"> {key.name}</span>
          </Button>
        )}
        <Button variant="subtle" color="gray" size="compact-md" onClick={onRevoke}>
          Revoke<span className="unseen"> {key.name}</span>
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function Limits({ of: { spaces, networks } }: { of: Key }) {
  const only = spaces?.length === 1 ? spaces[0] : undefined;
  const { data: space } = useQuery({ ...askedSpace(only ?? ""), enabled: only !== undefined, retry: false });
  return (
    <>
      {spaces && (
        <div className="detail">
          {only ? `only in ${space?.name ?? "one space"}` : `only in ${spaces.length} spaces`}
        </div>
      )}
      {networks && <div className="detail">from {networks.join(", ")}</div>}
    </>
  );
}

function Used({ of: key }: { of: Key }) {
  if (key.last_used_at === null)
    return Date.now() - Date.parse(key.created_at) > 90 * DAY ? <Tag tone="busy">Never used</Tag> : "never";
  return (
    <>
      <Moment at={key.last_used_at} />
      {key.last_used_address && <div className="detail">from {key.last_used_address}</div>}
    </>
  );
}

function Expiry({ of: key }: { of: Key }) {
  if (key.grace_until)
    return (
      <>
        <Tag tone="busy">Replaced</Tag>
        <div className="detail">
          ends <Moment at={key.grace_until} />
        </div>
      </>
    );
  if (key.expires_at === null) return "never";
  const left = Date.parse(key.expires_at) - Date.now();
  if (left < 0) return <Tag tone="alarm">Expired</Tag>;
  return (
    <>
      {left < 7 * DAY && <Tag tone="busy">Soon</Tag>} <Moment at={key.expires_at} />
    </>
  );
}

function Rotate({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const rotate = useMutation({
    mutationFn: (grace_hours: number) =>
      told(api.POST("/v1/keys/{key_id}/rotate", { params: { path: { key_id: key.id } }, body: { grace_hours } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["keys"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    rotate.mutate(Number(new FormData(event.currentTarget).get("grace")));
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={rotate.data ? `${key.name} has a new secret` : `Rotate ${key.name}`}
      closeOnClickOutside={!rotate.data}
      closeOnEscape={!rotate.data}
    >
      {rotate.data ? (
        <KeySecret secret={rotate.data.key} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <Refusal error={rotate.error} />
            <Text>A new key with the same rights takes its place. Both work until the old one ends.</Text>
            <NativeSelect name="grace" label="The old key ends" data={GRACE} defaultValue="24" data-autofocus />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={rotate.isPending}>
                Rotate
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Revoke({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const run = async () => {
    await told(api.DELETE("/v1/keys/{key_id}", { params: { path: { key_id: key.id } } }));
    queryClient.invalidateQueries({ queryKey: ["keys"] });
    notifications.show({ title: "Revoked", message: `${key.name} is refused from now on.`, autoClose: 6_000 });
  };
  return (
    <Sure title={`Revoke ${key.name}?`} action="Revoke" run={run} onClose={onClose}>
      <Text>Programs that use it are refused at once. There is no way back.</Text>
    </Sure>
  );
}
