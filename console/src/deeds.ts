// What happened to an account and in the installation, in words; and what browsers say of themselves.

const SAID: Record<string, string> = {
  "session.started": "Signed in",
  "session.halfway": "Gave the password, not yet the second factor",
  "session.confirmed": "Confirmed that it is you",
  "session.ended": "Signed out",
  "session.all_ended": "Signed out everywhere else",
  "login.locked": "Guessing was stopped for a while",
  "login.refused": "Sign-in with a wrong password",
  "login.all_ended": "Ended all logins",
  "password.changed": "Changed the password",
  "password.refused": "Gave a wrong password",
  "password.reset": "Set a new password by a link",
  "password.reset_asked": "Asked for a link to set a new password",
  "email.change_asked": "Asked for another e-mail address",
  "email.changed": "Changed the e-mail address",
  "email.verification_asked": "Asked for a link to verify the address",
  "email.verified": "Verified the e-mail address",
  "second.asked": "Began to set up a second factor",
  "second.added": "Set up an authenticator app",
  "second.removed": "Removed the authenticator app",
  "second.codes_made": "Made new recovery codes",
  "second.recovered": "Signed in with a recovery code",
  "second.refused": "Gave a wrong code",
  "second.cleared": "An administrator removed the second factor",
  "passkey.added": "Added a passkey",
  "passkey.removed": "Removed a passkey",
  "passkey.renamed": "Renamed a passkey",
  "passkey.refused": "A passkey was refused",
  "provider.linked": "Linked a sign-in by somebody else's account",
  "provider.unlinked": "Removed a sign-in by somebody else's account",
  "key.created": "Made the key {name}",
  "key.revoked": "Revoked a key",
  "key.rotated": "Rotated a key",
  "key.updated": "Renamed a key",
  "credential.exposed": "A key was used over a connection that anybody can read",
  "application.created": "Registered an application",
  "application.updated": "Changed an application",
  "application.secret_refused": "A wrong secret was given for an application",
  "application.secret_renewed": "Made a new secret for an application",
  "application.deleted": "Deleted an application",
  "consent.granted": "Let an application in",
  "consent.withdrawn": "Withdrew the consent from an application",
  "token.issued": "An application got a token",
  "token.family_revoked": "The tokens of an application ended",
  "installation.set_up": "Set up this Courtyard",
  "person.created": "The account was made",
  "person.claimed": "Claimed the account by an invitation",
  "person.invited": "Invited somebody who had no account",
  "person.renamed": "Changed the username",
  "person.promoted": "Made an administrator",
  "person.demoted": "Is no administrator any more",
  "person.disabled": "The account was disabled",
  "person.enabled": "The account was enabled again",
  "privileged.read": "Used an administrator's right: {permission}",
};

type Event = { action: string; detail: Record<string, unknown> };

/** One sentence; what has none here is told by its own words. */
export function happened({ action, detail }: Event): string {
  const words = action.replace(/[._]/g, " ");
  const said = SAID[action] ?? words.charAt(0).toUpperCase() + words.slice(1);
  return said.replace(/ ?\{(\w+)\}/g, (_, name: string) => (detail[name] ? ` ${String(detail[name])}` : ""));
}

/** The browser and the system, of what a browser says of itself. */
export function agent(said: string | null): string {
  if (!said) return "Unknown browser";
  const browser = [
    ["Firefox", /Firefox\//],
    ["Edge", /Edg\//],
    ["Opera", /OPR\//],
    ["Chrome", /Chrom(e|ium)\//],
    ["Safari", /Safari\//],
  ].find(([, form]) => (form as RegExp).test(said))?.[0];
  const system = [
    ["Android", /Android/],
    ["iOS", /iPhone|iPad/],
    ["Windows", /Windows/],
    ["macOS", /Mac OS/],
    ["Linux", /Linux/],
  ].find(([, form]) => (form as RegExp).test(said))?.[0];
  if (!browser) return said.slice(0, 60);
  return system ? `${browser} on ${system}` : String(browser);
}
