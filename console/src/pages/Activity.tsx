import "../people.css";
import { Button, NativeSelect, Skeleton, Switch, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { space as asked, type Space } from "../api";
import { activity, happened, type Kept, newest, type Activity as Row, threads } from "../api/talk";
import { csv, KINDS, said, who } from "../happenings";
import { Failure } from "../parts/Failure";
import { Go } from "../parts/Go";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Tag } from "../parts/Tag";
import { may } from "../words";

const route = getRouteApi("/spaces/$spaceId/activity");
/** How many rows a file takes at most. */
const MOST = 10_000;
const APIS: Record<string, string> = {
  console: "in the console",
  pages: "on a page",
  v1: "by v1",
  spaces_pe: "by the Spaces API",
  unpod: "by the platform API",
  workspaces: "by Workspaces",
  worker: "by itself",
  demo: "with the sample data",
};

/** Who did what in a space. */
export function Activity() {
  const { spaceId } = route.useParams();
  const { what = "", all = false } = route.useSearch();
  const kept = { what, all };
  const navigate = route.useNavigate();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  if (!may(space, "admin"))
    return (
      <Notice title="Activity is for admins">
        <Text>
          You look at this space as {space.role ?? "a visitor"}. Its admins see who did what
          {space.owner && `; ask ${space.owner.username}, who owns it`}.
        </Text>
      </Notice>
    );
  return (
    <>
      <div className="filters">
        <NativeSelect
          aria-label="What it is about"
          data={KINDS}
          value={what}
          onChange={({ currentTarget }) =>
            navigate({ search: (now) => ({ ...now, what: currentTarget.value || undefined }) })
          }
        />
        <Switch
          label="Also what Courtyard did by itself"
          checked={all}
          onChange={({ currentTarget }) =>
            navigate({ search: (now) => ({ ...now, all: currentTarget.checked || undefined }) })
          }
        />
        <Export space={space} kept={kept} />
      </div>
      <List space={space} kept={kept} />
    </>
  );
}

function Export({ space, kept }: { space: Space; kept: Kept }) {
  const exporting = useMutation({
    mutationFn: async () => {
      const rows: Row[] = [];
      let cursor: string | undefined;
      do {
        const page = await happened(space.id, kept, 100, cursor);
        rows.push(...page.data);
        cursor = page.cursor ?? undefined;
      } while (cursor && rows.length < MOST);
      save(`${space.slug}-activity.csv`, csv(rows));
      return { rows: rows.length, cut: cursor !== undefined };
    },
    onSuccess: ({ rows, cut }) =>
      notifications.show({
        title: "Exported",
        message: cut ? `The newest ${rows} events. There are more: ask the API for them.` : `${rows} events.`,
        autoClose: cut ? false : 6_000,
      }),
    onError: (error) =>
      notifications.show({ color: "red", autoClose: false, title: "Not exported", message: error.message }),
  });
  return (
    <Button
      variant="default"
      leftSection={<IconFileTypeCsv size={17} aria-hidden />}
      loading={exporting.isPending}
      onClick={() => exporting.mutate()}
    >
      Export as CSV
    </Button>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

function List({ space, kept }: { space: Space; kept: Kept }) {
  const { what } = kept;
  const query = useInfiniteQuery(activity(space.id, kept));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title={what ? "Nothing matches" : "Nothing happened yet"}>
        <Text>{what ? "Nothing of that kind happened in this space." : "What people do here is listed."}</Text>
        {what && (
          <Go to="." search={kept.all ? { all: true } : {}} variant="default">
            Clear the filter
          </Go>
        )}
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>How</Table.Th>
            <Table.Th>When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Th scope="row" className="name sentence">
                <strong>{who(row)}</strong> {said(row)}
                <Thing of={row} space={space} />
                {row.result !== "done" && <Tag tone="alarm">{row.result}</Tag>}
                {row.privileged && <Tag tone="busy">as platform administrator</Tag>}
              </Table.Th>
              <Table.Td data-label="How">
                {APIS[row.dialect ?? ""] ?? row.dialect ?? "by itself"}
                {row.application_id && (
                  <div className="detail">through {row.application_name ?? "an application that is gone"}</div>
                )}
              </Table.Td>
              <Table.Td data-label="When">
                <Moment at={row.at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "event" : "events"} query={query} />
    </>
  );
}

/** Where to find what it was done to, if that is among the newest of the space. */
function Thing({ of: { object_id, action }, space }: { of: Row; space: Space }) {
  const { data: artifacts } = useQuery(newest(space.id));
  const { data: talks } = useInfiniteQuery(threads(space.id));
  const artifact = artifacts?.data.find(({ id }) => id === object_id);
  const thread = talks?.pages.flatMap(({ data }) => data).find(({ id }) => id === object_id);
  if (action.startsWith("artifact.") && artifact)
    return (
      <>
        {": "}
        <Link to="/spaces/$spaceId/artifacts/$artifactId" params={{ spaceId: space.id, artifactId: artifact.id }}>
          {artifact.name}
        </Link>
      </>
    );
  if (action.startsWith("thread.") && thread)
    return (
      <>
        {": "}
        <Link to="/spaces/$spaceId/threads/$threadId" params={{ spaceId: space.id, threadId: thread.id }}>
          {thread.title}
        </Link>
      </>
    );
  return null;
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the activity">
      {[1, 2, 3, 4].map((each) => (
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
