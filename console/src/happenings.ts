// What happened in a space, in words.
import type { Activity } from "./api/talk";

/** The first words of actions, by what they are about. */
export const KINDS = [
  { value: "", label: "Everything" },
  { value: "artifact", label: "Artifacts" },
  { value: "upload", label: "Uploads" },
  { value: "link", label: "Public links" },
  { value: "thread", label: "Threads" },
  { value: "message", label: "Messages" },
  { value: "customer", label: "Customers" },
  { value: "member", label: "Members" },
  { value: "invitation", label: "Invitations" },
  { value: "job", label: "Jobs" },
  { value: "space", label: "The space itself" },
];

/** `{…}` is a member of the detail; `{object}` the person it was done to. */
const SAID: Record<string, string> = {
  "artifact.created": "added an artifact",
  "artifact.generated": "made a document",
  "artifact.updated": "changed {fields} of an artifact",
  "artifact.replaced": "replaced the content of an artifact (version {version})",
  "artifact.trashed": "moved {name} to the trash",
  "artifact.restored": "took an artifact out of the trash",
  "artifact.purged": "deleted {name} for good",
  "artifact.inspected": "looked into an artifact",
  "artifact.failed": "could not make an artifact",
  "artifact.version_restored": "brought back an older version of an artifact",
  "artifact.versions_thinned": "removed old versions of an artifact",
  "artifact.alias_set": "named version {version} of an artifact {alias}",
  "artifact.alias_removed": "took the name {alias} from a version of an artifact",
  "upload.created": "began an upload",
  "upload.ended": "ended an upload",
  "link.created": "made a public link",
  "link.updated": "changed {fields} of a public link",
  "link.removed": "removed a public link",
  "link.downloaded": "downloaded by a public link",
  "link.password_failed": "typed a wrong password at a public link",
  "thread.created": "opened a thread",
  "thread.updated": "changed {fields} of a thread",
  "thread.deleted": "deleted a thread",
  "message.created": "wrote a message",
  "customer.created": "added a customer",
  "customer.updated": "changed {fields} of a customer",
  "customer.deleted": "deleted a customer",
  "member.added": "added {object} as {role}",
  "member.invited": "invited {object} as {role}",
  "member.role_set": "made {object} {role} instead of {old_role}",
  "member.removed": "removed {object}",
  "member.left": "left the space",
  "invitation.accepted": "accepted an invitation",
  "invitation.declined": "declined an invitation",
  "invitation.resent": "sent an invitation again",
  "invitation.revoked": "revoked an invitation",
  "job.cancelled": "cancelled a job",
  "job.retried": "tried a job again",
  "space.created": "made the space",
  "space.updated": "changed {fields} of the space",
  "space.background_set": "set the background",
  "space.background_cleared": "removed the background",
  "space.transferred": "gave the space to {object}",
  "space.imported": "brought the space in from another installation",
};

/** One sentence without its subject. */
export function said(row: Activity): string {
  const known = SAID[row.action];
  if (known === undefined) return row.action.replace(/[._]/g, " ");
  return known.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === "object") return row.about?.username ?? "somebody who left";
    const value: unknown = row.detail[name];
    if (Array.isArray(value)) return value.join(" and ") || "nothing";
    return value === undefined || value === null ? "something" : String(value);
  });
}

export const who = (row: Activity) => (row.person ? (row.person.username ?? "Somebody who left") : "Courtyard");

const COLUMNS = ["at", "action", "result", "by", "as platform administrator", "api", "object", "detail"];

/** For spreadsheets. What begins like a formula gets an apostrophe, or they would run it. */
const cell = (value: string) => `"${value.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

export function csv(rows: Activity[]): string {
  const lines = rows.map((row) =>
    [
      row.at,
      row.action,
      row.result,
      who(row),
      row.privileged ? "yes" : "no",
      row.dialect ?? "",
      row.object_id ?? "",
      JSON.stringify(row.detail),
    ]
      .map(cell)
      .join(","),
  );
  return `${[COLUMNS.map(cell).join(","), ...lines].join("\r\n")}\r\n`;
}
