import { Button, Progress, Skeleton, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type Artifact, api, queryClient, type Space, told } from "../api";
import { type Job, jobsOf } from "../api/contents";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { Refusal } from "../parts/Refusal";
import { JobStatus } from "../parts/Tag";
import { KINDS, lasted, may } from "../words";

/** Its jobs from the newest to the oldest. */
export function Timeline({ space, artifact }: { space: Space; artifact: Artifact }) {
  const query = useQuery(jobsOf(artifact));
  if (query.isPending) return <Skeleton height={120} radius="lg" aria-label="Loading the jobs" />;
  if (query.isError) return <Failure error={query.error} />;
  if (query.data.data.length === 0) return <Text c="dimmed">Nothing had to be done for it.</Text>;
  return (
    <ol className="timeline">
      {query.data.data.map((job) => (
        <Step key={job.id} job={job} writable={may(space, "editor")} />
      ))}
    </ol>
  );
}

function Step({ job, writable }: { job: Job; writable: boolean }) {
  return (
    <li data-status={job.status}>
      <div className="what">
        <strong>{KINDS[job.kind] ?? job.kind}</strong>
        <JobStatus of={job.status} />
        <Text size="sm" c="dimmed">
          <Moment at={job.created_at} />
          {job.started_at && ` · ${lasted(job)}`}
          {job.attempt > 1 && ` · attempt ${job.attempt} of ${job.max_attempts}`}
        </Text>
      </div>
      {job.status === "processing" && (
        <Progress value={job.progress} size={6} aria-label={`Progress of ${KINDS[job.kind] ?? job.kind}`} />
      )}
      {job.message && <Text size="sm">{job.message}</Text>}
      {job.error && (
        <Text size="sm" c="var(--cy-alarm)" className="long">
          {job.error}
        </Text>
      )}
      {writable && <Steer job={job} />}
    </li>
  );
}

/** Stop a job that goes on, or begin one again that ended badly. */
export function Steer({ job }: { job: Job }) {
  const steer = useMutation({
    mutationFn: (how: "cancel" | "retry") => {
      const params = { path: { job_id: job.id } };
      return told(
        how === "cancel"
          ? api.POST("/v1/jobs/{job_id}/cancel", { params })
          : api.POST("/v1/jobs/{job_id}/retry", { params }),
      );
    },
    onSettled: () => {
      for (const queryKey of [["jobs"], ["job", job.id], ["artifact", job.space_id, job.artifact_id]])
        queryClient.invalidateQueries({ queryKey });
    },
  });
  const goes = job.status === "pending" || job.status === "processing";
  const failed = job.status === "failed" || job.status === "cancelled";
  return (
    <>
      <Refusal error={steer.error} />
      {goes && (
        <Button size="compact-sm" variant="default" loading={steer.isPending} onClick={() => steer.mutate("cancel")}>
          Cancel the job
        </Button>
      )}
      {failed && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRefresh size={15} aria-hidden />}
          loading={steer.isPending}
          onClick={() => steer.mutate("retry")}
        >
          Retry the job
        </Button>
      )}
    </>
  );
}

/** In place of the preview while it is made: how far that is. */
export function Working({ artifact }: { artifact: Artifact }) {
  const { data } = useQuery(jobsOf(artifact));
  const job = data?.data.find((one) => one.status === "processing") ?? data?.data[0];
  return (
    <div className="nothing" role="status">
      <Text fw={600}>{artifact.status === "pending" ? "Waiting for its turn" : "Being made"}</Text>
      <Progress className="bar" value={job?.progress ?? 0} aria-label="Progress" striped animated />
      <Text size="sm" c="dimmed">
        {job?.message ?? "It appears here as soon as it is there."}
      </Text>
    </div>
  );
}

/** In place of the preview of what could not be made: why, and once more. */
export function Failed({ artifact }: { artifact: Artifact }) {
  const { data } = useQuery(jobsOf(artifact));
  const job = data?.data.find((one) => one.status === "failed" || one.status === "cancelled");
  return (
    <div className="nothing" role="alert">
      <Text fw={600}>It could not be made</Text>
      {artifact.error && (
        <Text c="var(--cy-alarm)" className="long">
          {artifact.error}
        </Text>
      )}
      {job && <Steer job={job} />}
    </div>
  );
}
