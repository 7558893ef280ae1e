import type { Artifact } from "../api";
import type { Job } from "../api/contents";

type Tone = "good" | "busy" | "alarm" | "accent" | "neutral";

/** A word with the colour of what it means. */
export function Tag({ tone = "neutral", children }: { tone?: Tone; children: string }) {
  return (
    <span className="tag" data-tone={tone}>
      {children}
    </span>
  );
}

const STATUSES: Record<Artifact["status"], [Tone, string]> = {
  pending: ["busy", "Waiting"],
  processing: ["busy", "In work"],
  completed: ["good", "Ready"],
  failed: ["alarm", "Failed"],
};

export function Status({ of }: { of: Artifact["status"] }) {
  const [tone, word] = STATUSES[of];
  return <Tag tone={tone}>{word}</Tag>;
}

const JOBS: Record<Job["status"], [Tone, string]> = {
  pending: ["busy", "Waiting"],
  processing: ["busy", "In work"],
  completed: ["good", "Done"],
  failed: ["alarm", "Failed"],
  cancelled: ["neutral", "Cancelled"],
};

export function JobStatus({ of }: { of: Job["status"] }) {
  const [tone, word] = JOBS[of];
  return <Tag tone={tone}>{word}</Tag>;
}
