import "../people.css";
import "../programs.css";
import { Button, Drawer, NativeSelect, Stack, Switch, Table, Text, TextInput, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { installation } from "../api/people";
import { type Asked, keys, type RequestFilters, requests } from "../api/programs";
import { Commands } from "../parts/Commands";
import { Copy } from "../parts/Copy";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";
import { again } from "../snippets";
import { count, exactly } from "../words";

const route = getRouteApi("/developer/logs");
export const APIS: Record<string, string> = {
  v1: "v1",
  spaces_pe: "Spaces API",
  unpod: "Platform v2",
  workspaces: "Workspaces",
  console: "Console",
  pages: "Pages",
};
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const STATUSES = [
  { value: "", label: "Any status" },
  { value: "2xx", label: "2xx, done" },
  { value: "3xx", label: "3xx, elsewhere" },
  { value: "4xx", label: "4xx, refused" },
  { value: "5xx", label: "5xx, our fault" },
];

/** What the keys, tokens and sessions of the one who looks asked for. */
export function Requests() {
  const filters = route.useSearch();
  const [follow, setFollow] = useState(false);
  const days = useQuery(installation()).data?.request_log_days ?? 7;
  return (
    <>
      <title>Requests · Courtyard</title>
      <div className="head">
        <Title order={1}>Requests</Title>
        <Switch label="Follow" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
      </div>
      <Text c="dimmed" mb="lg" maw="46rem">
        What your keys, applications and sessions asked for in the last {count(days)} {days === 1 ? "day" : "days"}, a
        few seconds after it was answered. Bodies are never kept.
      </Text>
      <Narrow filters={filters} />
      <List filters={filters} follow={follow} />
    </>
  );
}

function Narrow({ filters }: { filters: RequestFilters }) {
  const navigate = route.useNavigate();
  const { data } = useInfiniteQuery(keys());
  const own = data?.pages.flatMap((page) => page.data) ?? [];
  const set = (change: Partial<Record<keyof RequestFilters, string>>) =>
    navigate({ search: (now) => ({ ...now, ...(change as RequestFilters), request: undefined }) });
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    set({ path: String(new FormData(event.currentTarget).get("path")).trim() || undefined });
  };
  return (
    <form className="filters" onSubmit={search}>
      <NativeSelect
        aria-label="Status"
        data={STATUSES}
        value={filters.status ?? ""}
        onChange={({ currentTarget }) => set({ status: currentTarget.value || undefined })}
      />
      <NativeSelect
        aria-label="Method"
        data={[{ value: "", label: "Any method" }, ...METHODS]}
        value={filters.method ?? ""}
        onChange={({ currentTarget }) => set({ method: currentTarget.value || undefined })}
      />
      <NativeSelect
        aria-label="API"
        data={[{ value: "", label: "Any API" }, ...Object.entries(APIS).map(([value, label]) => ({ value, label }))]}
        value={filters.dialect ?? ""}
        onChange={({ currentTarget }) => set({ dialect: currentTarget.value || undefined })}
      />
      <NativeSelect
        aria-label="Key"
        data={[{ value: "", label: "Any key" }, ...own.map(({ id, name }) => ({ value: id, label: name }))]}
        value={filters.key ?? ""}
        onChange={({ currentTarget }) => set({ key: currentTarget.value || undefined })}
      />
      <TextInput
        key={filters.path}
        className="grow"
        name="path"
        aria-label="Path begins with"
        placeholder="Path begins with…"
        defaultValue={filters.path}
        onBlur={({ currentTarget: { value, form } }) => value.trim() !== (filters.path ?? "") && form?.requestSubmit()}
      />
    </form>
  );
}

const tone = (status: number) => (status >= 500 ? "alarm" : status >= 400 ? "busy" : "good");

/** By what it was asked, in words. */
function by({ credential }: Asked): string {
  if (!credential) return "–";
  if (credential.name) return credential.name;
  const kinds = { key: "a key that is gone", login: "a login", access: "an application", session: "a browser" };
  return credential.kind ? kinds[credential.kind] : "something that is gone";
}

function List({ filters, follow }: { filters: RequestFilters & { request?: string }; follow: boolean }) {
  const { request, ...asked } = filters;
  const navigate = route.useNavigate();
  const query = useInfiniteQuery({ ...requests(asked), refetchInterval: follow ? 3_000 : false });
  const open = (id?: string) => navigate({ search: (now) => ({ ...now, request: id }) });
  if (query.isPending) return <Waiting what="the requests" rows={6} />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  const shown = found.find((one) => one.id === request);
  if (found.length === 0)
    return Object.values(asked).some(Boolean) ? (
      <Notice title="Nothing matches">
        <Text>No request of the last days is like that.</Text>
        <Button variant="default" onClick={() => navigate({ search: {} })}>
          Clear filters
        </Button>
      </Notice>
    ) : (
      <Notice title="Nothing was asked yet">
        <Text>Requests of your programs and browsers appear here a few seconds after they were answered.</Text>
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Request</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th className="number">Took</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>API</Table.Th>
            <Table.Th>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Th scope="row" className="name request">
                <button type="button" className="plain" onClick={() => open(one.id)}>
                  <strong>{one.method}</strong> {one.path}
                </button>
              </Table.Th>
              <Table.Td data-label="Status">
                <Tag tone={tone(one.status)}>{String(one.status)}</Tag>
              </Table.Td>
              <Table.Td data-label="Took" className="number">
                {Math.round(one.ms)} ms
              </Table.Td>
              <Table.Td data-label="By" className="wraps">
                {by(one)}
              </Table.Td>
              <Table.Td data-label="API">{APIS[one.dialect] ?? one.dialect}</Table.Td>
              <Table.Td data-label="When">
                <Moment at={one.at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "request" : "requests"} query={query} />
      {shown && <Details of={shown} onClose={() => open()} />}
    </>
  );
}

function Details({ of: one, onClose }: { of: Asked; onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={`${one.method} ${one.route}`}>
      <Stack>
        <dl>
          <dt>Status</dt>
          <dd>
            <Tag tone={tone(one.status)}>{String(one.status)}</Tag>
            {one.status === 499 && " whoever asked hung up"}
          </dd>
          <dt>Path</dt>
          <dd>{one.path}</dd>
          <dt>When</dt>
          <dd>{exactly(one.at)}</dd>
          <dt>Took</dt>
          <dd>{one.ms} ms</dd>
          <dt>By</dt>
          <dd>
            {by(one)}
            {one.credential?.prefix && <span className="fingerprint"> {one.credential.prefix}…</span>}
          </dd>
          <dt>API</dt>
          <dd>{APIS[one.dialect] ?? one.dialect}</dd>
          <dt>From</dt>
          <dd>{one.address}</dd>
          <dt>Request</dt>
          <dd>
            <Copy text={one.request_id} what="request id" />
          </dd>
        </dl>
        <div>
          <Text size="sm" fw={600} mb={4}>
            Ask again
          </Text>
          <Commands text={again(one, location.origin)} title="the command" />
          <Text size="sm" c="dimmed" mt="xs">
            Without a secret, a body or a query: none of them is kept.
          </Text>
        </div>
      </Stack>
    </Drawer>
  );
}
