// How programs reach a space: its name in each API, and commands that work when pasted.

export type Names = {
  /** Its id in v1 and Workspaces. */
  id: string;
  /** Its number in the Spaces API. */
  number: number;
  /** Its token in the platform API, and the handle that goes with it. */
  token: string;
  handle: string;
  /** The address of whoever reads this, for commands that ask whose it is. */
  email: string;
};
export type Addresses = { http: string; https: string };
/** The commands for one API, in each language that speaks it. */
export type Snippet = { api: string; title: string; about: string; texts: Partial<Record<Language, string>> };
export type Language = "curl" | "Python" | "Shell";

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
  return [v1(names, at), customers(names, at), platform(names, at), workspaces(names, at), commands(names)];
}

function v1({ id }: Names, { http }: Addresses): Snippet {
  const place = `${http}/v1/spaces/${id}`;
  const curl = `curl ${insecure(http)}`;
  return {
    api: "v1",
    title: "v1",
    about: "The native API: everything that Courtyard can do.",
    texts: {
      curl: [
        "# The space",
        `${curl}"${place}" -H "X-API-Key: ${KEY}"`,
        "# Its artifacts, the newest first",
        `${curl}"${place}/artifacts?limit=5" -H "X-API-Key: ${KEY}"`,
        "# Add a file",
        `echo "pH 7.2" | ${curl}"${place}/artifacts?name=reading.txt" -H "X-API-Key: ${KEY}" \\`,
        '  -H "Content-Type: text/plain" --data-binary @-',
      ].join("\n"),
      Python: python(place, '{"X-API-Key": KEY}', [
        'for artifact in ask("/artifacts?limit=5")["data"]:',
        '    print(artifact["name"], artifact["size"])',
        "",
        'added = ask("/artifacts?name=reading.txt", b"pH 7.2\\n", "text/plain")',
        'print("added", added["id"])',
      ]),
    },
  };
}

function customers({ number }: Names, { https }: Addresses): Snippet {
  const place = `${https}/api/v1`;
  const curl = `curl ${insecure(https)}`;
  return {
    api: "spaces",
    title: "Spaces API",
    about: "Customers and the spaces they belong to; the space is known by its number. HTTPS only.",
    texts: {
      curl: [
        "# The space",
        `${curl}"${place}/spaces/${number}" -u "${KEY}:"`,
        "# Its customers",
        `${curl}"${place}/customers?space=${number}" -u "${KEY}:"`,
        "# Add one",
        `${curl}"${place}/customers" -u "${KEY}:" -d name="Lake Board" -d space=${number}`,
      ].join("\n"),
      Python: python(
        place,
        '{"Authorization": "Basic " + b64encode(f"{KEY}:".encode()).decode()}',
        [
          `print(ask("/spaces/${number}"))`,
          `print(ask("/customers?space=${number}"))`,
          "",
          `new = urlencode({"name": "Lake Board", "space": ${number}}).encode()`,
          'print("added", ask("/customers", new, "application/x-www-form-urlencoded")["id"])',
        ],
        ["from base64 import b64encode", "from urllib.parse import urlencode"],
      ),
    },
  };
}

function platform({ token, handle }: Names, { http }: Addresses): Snippet {
  const place = `${http}/api/v2/platform/spaces/${token}`;
  const curl = `curl ${insecure(http)}`;
  const headers = `  -H "Authorization: Token ${KEY}" -H "Org-Handle: ${handle}"`;
  return {
    api: "platform",
    title: "Platform v2",
    about: "Spaces of an organization by their tokens, and the work that is done in them.",
    texts: {
      curl: [
        "# The space",
        `${curl}"${place}/" \\`,
        headers,
        "# Its tasks",
        `${curl}"${place}/tasks/?page_size=5" \\`,
        headers,
      ].join("\n"),
      Python: python(place, `{"Authorization": f"Token {KEY}", "Org-Handle": "${handle}"}`, [
        'print(ask("/"))',
        'print(ask("/tasks/?page_size=5"))',
      ]),
    },
  };
}

function workspaces({ id }: Names, { http }: Addresses): Snippet {
  const place = `${http}/workspaces`;
  const curl = `curl ${insecure(http)}`;
  return {
    api: "workspaces",
    title: "Workspaces",
    about: "The space as a workspace that its owner shares with guests.",
    texts: {
      curl: [
        "# The workspace",
        `${curl}"${place}/${id}" -H "Authorization: Bearer ${KEY}"`,
        "# All that you own",
        `${curl}"${place}/?limit=10" -H "Authorization: Bearer ${KEY}"`,
      ].join("\n"),
      Python: python(place, '{"Authorization": f"Bearer {KEY}"}', [`print(ask("/${id}"))`, 'print(ask("/?limit=10"))']),
    },
  };
}

/** What the command line has for a space. It knows no key: it speaks for whoever keeps the server. */
function commands({ id, email }: Names): Snippet {
  return {
    api: "cli",
    title: "CLI",
    about: "For who keeps the server: commands on its own machine, with its settings. They need no key.",
    texts: {
      Shell: [
        "# Everything in the space, in one file",
        `courtyard space export ${id} space.zip`,
        "# The same in a new space, which is yours",
        `courtyard space import space.zip --owner ${email} --name "A copy"`,
        "# A key that can read, for a month; its secret is shown once",
        `courtyard keys create ${email} --name "Reader" --scope read --days 30`,
        "# The index of the search, made again",
        "courtyard search rebuild",
      ].join("\n"),
    },
  };
}

/** A program with nothing but Python's own library; `ask` takes what comes after `place`. */
function python(place: string, headers: string, lines: string[], imports: string[] = []): string {
  const open = insecure(place) ? "request, context=ssl._create_unverified_context()" : "request";
  return [
    "import json",
    "import os",
    ...(insecure(place) ? ["import ssl"] : []),
    ...imports,
    "from urllib.request import Request, urlopen",
    "",
    'KEY = os.environ["COURTYARD_API_KEY"]',
    `HEADERS = ${headers}`,
    "",
    "",
    "def ask(path, body=None, kind=None):",
    '    headers = {**HEADERS, "Content-Type": kind} if kind else HEADERS',
    `    request = Request("${place}" + path, body, headers)`,
    `    with urlopen(${open}) as answer:`,
    "        return json.load(answer)",
    "",
    "",
    ...lines,
  ].join("\n");
}

/** The content of an artifact into a file of its name. */
export const download = ({ download_url }: { download_url: string }, origin: string) =>
  `curl ${insecure(origin)}-OJ "${origin}${download_url}" -H "X-API-Key: ${KEY}"`;

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
