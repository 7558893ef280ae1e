import "../people.css";
import { Alert, Button, Drawer, NativeSelect, Progress, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { space as askedSpace, isGone, me } from "../api";
import { health } from "../api/administration";
import { artifact as askedArtifact, job as askedJob, type Job, type JobFilters, jobs } from "../api/contents";
import { Copy } from "../parts/Copy";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { JobStatus } from "../parts/Tag";
import { exactly, KINDS, lasted, may } from "../words";
import { Steer } from "./ArtifactJobs";

const everywhere = getRouteApi("/jobs");
const here = getRouteApi("/spaces/$spaceId/jobs");

const STATUSES = [
  { value: "", label: "Any status" },
  { value: "processing", label: "In work" },
  { value: "pending", label: "Waiting" },
  { value: "failed", label: "Failed" },
  { value: "cancelled", label: "Cancelled" },
  { value: "completed", label: "Done" },
];

type Search = JobFilters & { job?: string };
type Change = (change: (now: Search) => Search) => void;

/** What goes on in all spaces. */
export function Jobs() {
  const search = everywhere.useSearch();
  const navigate = everywhere.useNavigate();
  return (
    <>
      <title>Jobs · Courtyard</title>
      <div className="head">
        <Title order={1}>Jobs</Title>
      </div>
      <Watched search={search} change={(change) => navigate({ search: change })} />
    </>
  );
}

/** What goes on in one. */
export function SpaceJobs() {
  const { spaceId } = here.useParams();
  const search = here.useSearch();
  const navigate = here.useNavigate();
  return <Watched spaceId={spaceId} search={search} change={(change) => navigate({ search: change })} />;
}

function Watched({ spaceId, search, change }: { spaceId?: string; search: Search; change: Change }) {
  return (
    <>
      <Idle />
      <div className="filters">
        <NativeSelect
          aria-label="Status"
          data={STATUSES}
          value={search.status ?? ""}
          onChange={({ currentTarget }) => {
            const status = currentTarget.value || undefined;
            change((now) => ({ ...now, status }));
          }}
        />
        <NativeSelect
          aria-label="Kind"
          data={[
            { value: "", label: "Any kind" },
            ...Object.entries(KINDS).map(([value, label]) => ({ value, label })),
          ]}
          value={search.kind ?? ""}
          onChange={({ currentTarget }) => {
            const kind = currentTarget.value || undefined;
            change((now) => ({ ...now, kind }));
          }}
        />
      </div>
      <List spaceId={spaceId} search={search} change={change} />
      {search.job && <Details id={search.job} onClose={() => change((now) => ({ ...now, job: undefined }))} />}
    </>
  );
}

/** Tells whoever can do something about it that nobody works. */
function Idle() {
  const { data: person } = useQuery(me());
  const { data } = useQuery({ ...health(), enabled: person?.administrator === true });
  if (!data || data.workers.length > 0) return null;
  return (
    <Alert color="yellow" className="hint" role="alert" mb="md">
      <strong>No worker is running.</strong> Jobs wait until one does: <code>courtyard work</code> starts one, or set{" "}
      <code>COURTYARD_WORKER=inside</code>.
    </Alert>
  );
}

function List({ spaceId, search, change }: { spaceId?: string; search: Search; change: Change }) {
  const query = useInfiniteQuery(jobs(spaceId, search));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return search.status || search.kind ? (
      <Notice title="Nothing matches">
        <Text>No job is like that.</Text>
        <Button variant="default" onClick={() => change(() => ({}))}>
          Clear filters
        </Button>
      </Notice>
    ) : (
      <Notice title="There are no jobs yet">
        <Text>
          Every file that is added is looked into, and its preview drawn. It is listed here while that goes on.
        </Text>
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Job</Table.Th>
            <Table.Th>Artifact</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th className="number">Attempt</Table.Th>
            <Table.Th className="number">Took</Table.Th>
            <Table.Th>Begun</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((job) => (
            <Row key={job.id} job={job} onOpen={() => change((now) => ({ ...now, job: job.id }))} />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "job" : "jobs"} query={query} />
    </>
  );
}

function Row({ job, onOpen }: { job: Job; onOpen: () => void }) {
  const kind = KINDS[job.kind] ?? job.kind;
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        <button type="button" className="plain" onClick={onOpen}>
          {kind}
        </button>
      </Table.Th>
      <Table.Td className="artifact">
        <Named job={job} />
      </Table.Td>
      <Table.Td>
        <JobStatus of={job.status} />
        {job.status === "processing" && (
          <Progress value={job.progress} size={4} mt={4} aria-label={`Progress of ${kind}`} />
        )}
      </Table.Td>
      <Table.Td className="number">
        {job.attempt} of {job.max_attempts}
      </Table.Td>
      <Table.Td className="number">{lasted(job)}</Table.Td>
      <Table.Td>
        <Moment at={job.created_at} />
      </Table.Td>
    </Table.Tr>
  );
}

/** The artifact of a job, which may be gone by now. */
function useArtifact({ space_id, artifact_id }: Job) {
  return useQuery({ ...askedArtifact(space_id ?? "", artifact_id ?? ""), enabled: !!space_id && !!artifact_id });
}

function Named({ job }: { job: Job }) {
  const { space_id, artifact_id } = job;
  const { data, error } = useArtifact(job);
  if (!space_id || !artifact_id) return "–";
  if (isGone(error)) return "deleted";
  return (
    <Link to="/spaces/$spaceId/artifacts/$artifactId" params={{ spaceId: space_id, artifactId: artifact_id }}>
      {data?.name ?? "…"}
    </Link>
  );
}

function Details({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: job, error } = useQuery(askedJob(id));
  return (
    <Drawer opened onClose={onClose} position="right" title={job ? (KINDS[job.kind] ?? job.kind) : "Job"}>
      {error && <Failure error={error} />}
      {job && <Facts job={job} />}
    </Drawer>
  );
}

function Facts({ job }: { job: Job }) {
  const { data: space } = useQuery({ ...askedSpace(job.space_id ?? ""), enabled: job.space_id !== null });
  const { data: artifact } = useArtifact(job);
  const navigate = useNavigate();
  return (
    <Stack>
      <div className="facts">
        <JobStatus of={job.status} />
        {job.message && <span>{job.message}</span>}
      </div>
      {(job.status === "processing" || job.status === "pending") && (
        <Progress value={job.progress} size={8} aria-label="Progress" />
      )}
      {job.error && (
        <Text c="var(--cy-alarm)" className="long">
          {job.error}
        </Text>
      )}
      <dl>
        <dt>Artifact</dt>
        <dd>
          <Named job={job} />
        </dd>
        {space && (
          <>
            <dt>Space</dt>
            <dd>{space.name}</dd>
          </>
        )}
        <dt>Attempt</dt>
        <dd>
          {job.attempt} of {job.max_attempts}
        </dd>
        <dt>Asked for</dt>
        <dd>{exactly(job.created_at)}</dd>
        {job.started_at && (
          <>
            <dt>Begun</dt>
            <dd>{exactly(job.started_at)}</dd>
            <dt>Took</dt>
            <dd>{lasted(job)}</dd>
          </>
        )}
        {job.completed_at && (
          <>
            <dt>Ended</dt>
            <dd>{exactly(job.completed_at)}</dd>
          </>
        )}
        <dt>Id</dt>
        <dd>
          <Copy text={job.id} what="id of the job" />
        </dd>
      </dl>
      {space && may(space, "editor") && <Steer job={job} />}
      {artifact && (
        <Button
          variant="subtle"
          onClick={() =>
            navigate({
              to: "/spaces/$spaceId/artifacts/$artifactId",
              params: { spaceId: artifact.space_id, artifactId: artifact.id },
            })
          }
        >
          Open the artifact
        </Button>
      )}
      {space && job.kind === "import" && (
        <Button variant="subtle" onClick={() => navigate({ to: "/spaces/$spaceId", params: { spaceId: space.id } })}>
          Open the space
        </Button>
      )}
    </Stack>
  );
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the jobs">
      {[1, 2, 3, 4, 5].map((each) => (
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
