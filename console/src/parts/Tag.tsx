import type { Artifact } from "../api";

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
