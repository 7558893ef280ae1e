import { SegmentedControl, Skeleton, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { type Bucket, type Days, type Finding, health, series, statistics } from "../api/administration";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { Tag } from "../parts/Tag";
import { count, size } from "../words";

const route = getRouteApi("/admin");
const Chart = lazy(() => import("../parts/Chart").then((all) => ({ default: all.Chart })));
const SPANS = [
  { value: "1", label: "24 hours" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
];

/** What there is, how it does, and how it went. */
export function Overview() {
  return (
    <div className="sections broad">
      <Now />
      <Health />
      <Past />
    </div>
  );
}

function Now() {
  const { data, error } = useQuery(statistics());
  if (error) return <Failure error={error} />;
  if (!data) return <Skeleton height={84} radius="lg" />;
  const { people, spaces, organizations, artifacts, bytes, jobs, unlogged_requests } = data.now;
  const oldest = jobs.oldest_pending_seconds;
  const tiles: [string, string, string?][] = [
    ["People", count(people)],
    ["Organizations", count(organizations)],
    ["Spaces", count(spaces)],
    ["Artifacts", count(artifacts)],
    ["Stored", size(bytes)],
    ["Jobs in work", count(jobs.processing), `${count(jobs.pending)} waiting`],
    ["Failed jobs", count(jobs.failed), `of ${count(jobs.completed + jobs.failed + jobs.cancelled)} ended`],
  ];
  return (
    <section aria-label="What there is now">
      <dl className="tiles">
        {tiles.map(([word, value, about]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>
              {value}
              {about && <small>{about}</small>}
            </dd>
          </div>
        ))}
      </dl>
      {oldest !== null && oldest > 60 && (
        <p className="hint">The oldest job has waited for {Math.round(oldest / 60)} minutes. Is a worker running?</p>
      )}
      {unlogged_requests > 0 && (
        <Text size="sm" c="dimmed">
          {count(unlogged_requests)} requests of the last day came too fast to be written into the log.
        </Text>
      )}
    </section>
  );
}

const LEVELS: Record<Finding["level"], ["good" | "busy" | "alarm", string]> = {
  ok: ["good", "Good"],
  note: ["busy", "Note"],
  wrong: ["alarm", "Wrong"],
};

function Health() {
  const query = useQuery(health());
  if (query.isPending) return <Skeleton height={200} radius="lg" />;
  if (query.isError) return <Failure error={query.error} />;
  const { findings, version, database, workers, status } = query.data;
  return (
    <section aria-labelledby="health">
      <div className="titled caption">
        <Title order={2} id="health">
          Health
        </Title>
        <Tag tone={LEVELS[status][0]}>{LEVELS[status][1]}</Tag>
      </div>
      <Text size="sm" c="dimmed" mb="sm">
        Version {version}, {database.engine}, schema {database.migration}.{" "}
        {workers.length === 0 ? "No worker was seen in the last 90 seconds." : "Workers: "}
        {workers.map((worker, at) => (
          <span key={worker.id}>
            {at > 0 && ", "}
            {worker.name} (seen <Moment at={worker.seen_at} />)
          </span>
        ))}
      </Text>
      <Table className="rows" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Seen</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {findings.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Th scope="row" className="name">
                {one.name === "sqlite" ? "SQLite" : one.name.charAt(0).toUpperCase() + one.name.slice(1)}
              </Table.Th>
              <Table.Td data-label="State">
                <Tag tone={LEVELS[one.level][0]}>{LEVELS[one.level][1]}</Tag>
              </Table.Td>
              <Table.Td data-label="Seen" className="wraps broad">
                {one.seen}
                {one.advice && <div className="advice">{one.advice}</div>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

type Line = { label: string; colour: string; of: (bucket: Bucket) => number | null };
const CHARTS: { title: string; lines: Line[]; write: (value: number) => string }[] = [
  {
    title: "Requests",
    write: count,
    lines: [
      { label: "done", colour: "--cy-good", of: ({ requests }) => requests["2xx"] + requests["3xx"] },
      { label: "refused", colour: "--cy-busy", of: ({ requests }) => requests["4xx"] },
      { label: "our fault", colour: "--cy-alarm", of: ({ requests }) => requests["5xx"] },
    ],
  },
  {
    title: "Uploads",
    write: count,
    lines: [{ label: "uploads", colour: "--cy-accent", of: ({ uploads }) => uploads }],
  },
  { title: "Stored", write: size, lines: [{ label: "stored", colour: "--cy-accent", of: ({ bytes }) => bytes }] },
  {
    title: "Jobs",
    write: count,
    lines: [
      { label: "done", colour: "--cy-good", of: ({ jobs }) => jobs.completed },
      { label: "failed", colour: "--cy-alarm", of: ({ jobs }) => jobs.failed },
      { label: "cancelled", colour: "--cy-busy", of: ({ jobs }) => jobs.cancelled },
    ],
  },
];

function Past() {
  const { days = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(series(days));
  const choose = (value: string) => {
    const chosen = Number(value) as Days;
    navigate({ search: (now) => ({ ...now, days: chosen === 1 ? undefined : chosen }), replace: true });
  };
  return (
    <section aria-labelledby="past">
      <div className="head">
        <Title order={2} id="past">
          How it went
        </Title>
        <SegmentedControl aria-label="Time span" data={SPANS} value={String(days)} onChange={choose} />
      </div>
      {query.isPending && <Skeleton height={260} radius="lg" />}
      {query.isError && <Failure error={query.error} />}
      {query.data && (
        <div className="charts">
          {CHARTS.map(({ title, lines, write }) => (
            <figure key={title} className="panel" aria-label={title}>
              <figcaption>{title}</figcaption>
              <Suspense fallback={<Skeleton height={180} />}>
                <Chart
                  title={title}
                  at={query.data.data.map(({ at }) => Date.parse(at) / 1000)}
                  lines={lines.map(({ label, colour, of }) => ({ label, colour, values: query.data.data.map(of) }))}
                  write={write}
                />
              </Suspense>
              <Numbers buckets={query.data.data} lines={lines} write={write} hourly={query.data.bucket === "hour"} />
            </figure>
          ))}
        </div>
      )}
    </section>
  );
}

function Numbers({ buckets, lines, write, hourly }: Numbered) {
  const form = new Intl.DateTimeFormat(navigator.language, {
    dateStyle: "medium",
    timeStyle: hourly ? "short" : undefined,
    timeZone: hourly ? undefined : "UTC",
  });
  return (
    <details>
      <summary>Show numbers</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <div className="scrolls numbers" tabIndex={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{hourly ? "Hour" : "Day"}</Table.Th>
              {lines.map(({ label }) => (
                <Table.Th key={label}>{label}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {buckets.toReversed().map((bucket) => (
              <Table.Tr key={bucket.at}>
                <Table.Th scope="row">{form.format(new Date(bucket.at))}</Table.Th>
                {lines.map(({ label, of }) => {
                  const value = of(bucket);
                  return <Table.Td key={label}>{value === null ? "–" : write(value)}</Table.Td>;
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </details>
  );
}

type Numbered = { buckets: Bucket[]; lines: Line[]; write: (value: number) => string; hourly: boolean };
