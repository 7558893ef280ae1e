// How programs reach a space: its name in each API, and commands that work when pasted.

export type Names = {
  /** Its id in v1 and Workspaces. */
  id: string;
  /** Its number in the Spaces API. */
  number: number;
  /** Its token in the platform API, and the handle that goes with it. */
  token: string;
  handle: string;
};
export type Addresses = { http: string; https: string };
export type Snippet = { api: string; title: string; about: string; language: "sh" | "python"; text: string };

export const KEY = "$COURTYARD_API_KEY";

/** Where a browser at `origin` would find the server: HTTPS has a port of its own unless one is on it already. */
export function addresses(origin: string, httpsPort: number | null): Addresses {
  const here = new URL(origin);
  if (here.protocol === "https:" || httpsPort === null) return { http: origin, https: origin };
  return { http: origin, https: `https://${here.hostname}:${httpsPort}` };
}

/** On this very machine the certificate is one that the server made for itself, and nobody is in between. */
export const insecure = (address: string) => (/^https:\/\/(127\.0\.0\.1|localhost|\[::1\])/.test(address) ? "-k " : "");

export function snippets(names: Names, at: Addresses): Snippet[] {
  const here = insecure(at.http);
  const safe = insecure(at.https);
  const v1 = `${at.http}/v1/spaces/${names.id}`;
  const platform = `${at.http}/api/v2/platform/spaces/${names.token}`;
  const workspace = `${at.http}/workspaces/${names.id}`;
  const token = `-H "Authorization: Token ${KEY}" -H "Org-Handle: ${names.handle}"`;
  return [
    {
      api: "v1",
      title: "v1",
      about: "The native API: everything that Courtyard can do.",
      language: "sh",
      text: [
        "# The space",
        `curl ${here}"${v1}" -H "X-API-Key: ${KEY}"`,
        "# Its artifacts, the newest first",
        `curl ${here}"${v1}/artifacts?limit=5" -H "X-API-Key: ${KEY}"`,
        "# Add a file",
        `echo "pH 7.2" | curl ${here}"${v1}/artifacts?name=reading.txt" -H "X-API-Key: ${KEY}" \\`,
        '  -H "Content-Type: text/plain" --data-binary @-',
      ].join("\n"),
    },
    {
      api: "spaces",
      title: "Spaces API",
      about: "Customers and the spaces they belong to; the space is known by its number. HTTPS only.",
      language: "sh",
      text: [
        "# The space",
        `curl ${safe}"${at.https}/api/v1/spaces/${names.number}" -u "${KEY}:"`,
        "# Its customers",
        `curl ${safe}"${at.https}/api/v1/customers?space=${names.number}" -u "${KEY}:"`,
        "# Add one",
        `curl ${safe}"${at.https}/api/v1/customers" -u "${KEY}:" -d name="Lake Board" -d space=${names.number}`,
      ].join("\n"),
    },
    {
      api: "platform",
      title: "Platform v2",
      about: "Spaces of an organization by their tokens, and the work that is done in them.",
      language: "sh",
      text: [
        "# The space",
        `curl ${here}"${platform}/" \\`,
        `  ${token}`,
        "# Its tasks",
        `curl ${here}"${platform}/tasks/?page_size=5" \\`,
        `  ${token}`,
      ].join("\n"),
    },
    {
      api: "workspaces",
      title: "Workspaces",
      about: "The space as a workspace that its owner shares with guests.",
      language: "sh",
      text: [
        "# The workspace",
        `curl ${here}"${workspace}" -H "Authorization: Bearer ${KEY}"`,
        "# All that you own",
        `curl ${here}"${at.http}/workspaces/?limit=10" -H "Authorization: Bearer ${KEY}"`,
      ].join("\n"),
    },
    {
      api: "python",
      title: "Python",
      about: "v1 with nothing but Python's own library.",
      language: "python",
      text: python(names, at.http),
    },
  ];
}

function python(names: Names, http: string): string {
  const open = insecure(http) ? "urlopen(request, context=ssl._create_unverified_context())" : "urlopen(request)";
  return [
    "import json",
    "import os",
    ...(insecure(http) ? ["import ssl"] : []),
    "from urllib.request import Request, urlopen",
    "",
    `SPACE = "${http}/v1/spaces/${names.id}"`,
    'KEY = {"X-API-Key": os.environ["COURTYARD_API_KEY"]}',
    "",
    'request = Request(f"{SPACE}/artifacts?limit=5", headers=KEY)',
    `with ${open} as answer:`,
    '    for artifact in json.load(answer)["data"]:',
    '        print(artifact["name"], artifact["size"])',
    "",
    'request = Request(f"{SPACE}/artifacts?name=reading.txt", b"pH 7.2\\n", {**KEY, "Content-Type": "text/plain"})',
    `with ${open} as answer:`,
    '    print("added", json.load(answer)["id"])',
  ].join("\n");
}

/** How each API is told the key. */
const OPENED: Record<string, string> = {
  spaces_pe: `-u "${KEY}:"`,
  unpod: `-H "Authorization: Token ${KEY}"`,
  workspaces: `-H "Authorization: Bearer ${KEY}"`,
};

/** A request of the log once more, as a command; what a browser asked is asked of v1. */
export function again({ method, path, dialect }: { method: string; path: string; dialect: string }, origin: string) {
  const how = method === "GET" ? "" : method === "HEAD" ? "-I " : `-X ${method} `;
  const where = `${origin}${path.replace(/^\/console\/api\//, "/v1/")}`.replace(/["$`\\]/g, "\\$&");
  return `curl ${insecure(origin)}${how}"${where}" ${OPENED[dialect] ?? `-H "X-API-Key: ${KEY}"`}`;
}
