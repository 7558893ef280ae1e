// Reads the one stream of news of this browser, again and again. Runs in the shared worker, or in the page where there is none.

export type News = {
  type: string;
  space_id: string;
  object: { kind: string; id: string | null; name: string | null };
  artifact_id?: string;
  thread_id?: string;
  status?: string;
};
export type Said =
  | { kind: "news"; news: News }
  /** Connected: for the first time, or where it had broken off, with nothing left out. */
  | { kind: "live" }
  /** Too much was missed: read anew. */
  | { kind: "reset" }
  | { kind: "lost" };

const ADDRESS = "/console/api/me/stream";
/** The server says something every 15 seconds; after so many milliseconds of silence nobody is there. */
const SILENCE = 40_000;
const LONGEST = 15_000;

/** Never ends; `wake` ends the pause before the next try. */
export function listen(tell: (said: Said) => void): { wake: () => void } {
  let last = "";
  let failures = 0;
  let wake = () => {};

  async function connect(): Promise<number> {
    const ending = new AbortController();
    let silence = setTimeout(() => ending.abort(), SILENCE);
    try {
      const headers = last ? { "Last-Event-ID": last } : undefined;
      const response = await fetch(ADDRESS, { headers, signal: ending.signal, cache: "no-store" });
      // Signed out, or too many streams: it may be different later.
      if (!response.ok || !response.body) return Number(response.headers.get("retry-after") ?? 10) * 1000;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(silence);
        silence = setTimeout(() => ending.abort(), SILENCE);
        const events = (rest + piece.value).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) hear(event);
      }
    } finally {
      clearTimeout(silence);
    }
    return 0;
  }

  function hear(event: string): void {
    const fields = new Map(event.split("\n").map((line) => [line.slice(0, line.indexOf(":")), after(line)]));
    const name = fields.get("event");
    last = fields.get("id") ?? last;
    if (name === undefined) return;
    failures = 0;
    if (name === "ready" || name === "reset") tell({ kind: name === "ready" ? "live" : "reset" });
    else tell({ kind: "news", news: JSON.parse(fields.get("data") ?? "{}") });
  }

  async function forever(): Promise<never> {
    for (;;) {
      const pause = await connect().catch(() => 0);
      tell({ kind: "lost" });
      failures += 1;
      const most = Math.min(LONGEST, 500 * 2 ** failures);
      await new Promise<void>((resolve) => {
        wake = resolve;
        // Not all windows at the same moment, when a server comes back.
        setTimeout(resolve, pause || most * (0.5 + Math.random() / 2));
      });
    }
  }

  forever();
  return { wake: () => wake() };
}

const after = (line: string) => line.slice(line.indexOf(":") + 1).trimStart();
