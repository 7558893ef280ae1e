// How one file gets to the server: by tus, which goes on after a break where it was; a next version goes in one piece.
import { DefaultHttpStack, DetailedError, defaultOptions, Upload as Tus, type UrlStorage } from "tus-js-client";
import { address, api, problem, signIn, told } from "./api";
import type { Upload } from "./uploads";
import { uuid } from "./words";

export type Sending = { start: () => void; pause: () => void; end: () => void };
export type Telling = {
  progress: (sent: number, speed: number) => void;
  /** No answer: it is tried again. */
  lost: () => void;
  /** The server said why not now; it is tried again then. */
  held: (reason: string, until: number) => void;
  done: (artifact: string | undefined) => void;
  failed: (reason: string) => void;
};

const LONGEST = 15_000;
const RELEASED = [300, 1_000, 3_000, 10_000];
/** Whoever says that it takes longer is asked again by hand. */
const PATIENCE = 15 * 60_000;
/** So often in a row it is tried by itself: about ten minutes without any answer, one with answers that say no. */
const TRIES = { lost: 40, held: 7 };
/** Worth another try by itself, and why it was not this one. */
const PASSING: Record<number, string> = {
  408: "It took too long to arrive.",
  409: "Something else adds to this upload.",
  423: "Something else adds to this upload.",
  429: "That was much at once: the server asks to wait.",
  500: "The server made a mistake.",
  502: "The server cannot be reached behind its proxy.",
  503: "The server is busy.",
  504: "The server took too long to answer.",
};

// The server names an upload by its place in v1; a browser finds it under `/console/api`.
class Stack extends DefaultHttpStack {
  override createRequest(method: string, url: string) {
    const { origin, pathname } = new URL(url, location.href);
    return super.createRequest(method, origin + address(pathname));
  }
}

/** Prepare to send; `start` begins, and goes on after a pause. */
export function send(one: Upload, telling: Telling): Sending {
  const speed = meter();
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const parcel = one.replaces ? whole(one, heard, ended) : inPieces(one, heard, ended);

  function heard(sent: number): void {
    if (stopped) return;
    failures = 0;
    telling.progress(sent, speed(sent));
  }

  function ended({ status, reason, artifact, wait = 0 }: Answer): void {
    if (stopped) return;
    if (status === undefined) telling.done(artifact);
    else if (status === 0) later(TRIES.lost);
    else if (PASSING[status] === undefined || wait > PATIENCE) {
      if (status === 401) signIn();
      telling.failed(reason);
    } else later(TRIES.held, PASSING[status], wait);
  }

  /** Once more by itself, so often in a row; `why` not now is known where there was an answer. */
  function later(most: number, why?: string, wait = 0): void {
    failures += 1;
    if (failures > most) {
      telling.failed(`${why ?? "The server cannot be reached."} It was tried ${failures} times.`);
      return;
    }
    const pause = Math.max(wait, Math.min(LONGEST, 500 * 2 ** failures));
    timer = setTimeout(again, pause);
    if (why !== undefined) telling.held(why, Date.now() + pause);
    else {
      telling.lost();
      addEventListener("online", again, { once: true });
    }
  }

  function again(): void {
    quiet();
    if (!stopped) parcel.start();
  }

  function quiet(): void {
    clearTimeout(timer);
    removeEventListener("online", again);
  }

  return {
    start: () => {
      stopped = false;
      failures = 0;
      parcel.start();
    },
    pause: () => {
      stopped = true;
      quiet();
      parcel.stop(false);
    },
    end: () => {
      stopped = true;
      quiet();
      parcel.stop(true);
    },
  };
}

type Parcel = { start: () => void; stop: (forGood: boolean) => void };
type Heard = (sent: number) => void;
/** `status`: of a refusal, 0 without any answer; `wait`: milliseconds that the server asks for. */
type Answer = { status?: number; reason: string; artifact?: string | undefined; wait?: number };
type Ended = (answer: Answer) => void;

function inPieces({ space, file, name }: Upload, heard: Heard, ended: Ended): Parcel {
  let begun = false;
  // Whoever pauses and goes on while it is looked up what has arrived has begun twice; the later one counts.
  let turn = 0;
  const key = uuid();
  const tus = new Tus(file, {
    endpoint: address(`/v1/spaces/${space.id}/uploads`),
    httpStack: new Stack({}),
    metadata: { filename: name, filetype: file.type || "application/octet-stream" },
    // The same file into the same space goes on where it was, also after the window was closed.
    fingerprint: async () => ["courtyard", space.id, name, file.size, file.lastModified].join(":"),
    urlStorage: defaultOptions.urlStorage as UrlStorage,
    removeFingerprintOnSuccess: true,
    retryDelays: null,
    // Sent twice, because an answer was lost, it is begun once.
    onBeforeRequest: (request) => {
      if (request.getMethod() === "POST") request.setHeader("Idempotency-Key", key);
    },
    onProgress: heard,
    onSuccess: () => {
      const id = tus.url?.split("/").pop() ?? "";
      const params = { path: { space_id: space.id, upload_id: id } };
      told(api.GET("/v1/spaces/{space_id}/uploads/{upload_id}", { params })).then(
        (upload) => ended({ reason: "", artifact: upload.artifact_id ?? undefined }),
        () => ended({ reason: "" }),
      );
    },
    onError: (error) => {
      const response = error instanceof DetailedError ? error.originalResponse : null;
      const status = response?.getStatus() ?? (error instanceof DetailedError ? 0 : -1);
      const reason = status > 0 ? said(status, response?.getBody() ?? "") : "The file can no longer be read.";
      ended({ status, reason, wait: asked(response?.getHeader("Retry-After")) });
    },
  });
  return {
    start: async () => {
      turn += 1;
      const mine = turn;
      if (!begun) {
        const [before] = await tus.findPreviousUploads();
        if (mine !== turn) return;
        begun = true;
        if (before) tus.resumeFromPreviousUpload(before);
      }
      tus.start();
    },
    stop: (forGood) => {
      turn += 1;
      // What has arrived of an upload that was given up goes too, as soon as the server has seen that nothing more comes.
      if (forGood) tus.options.retryDelays = RELEASED;
      tus.abort(forGood).catch(() => {});
    },
  };
}

// fetch tells nothing of what has been sent; XMLHttpRequest does.
function whole({ space, file, artifact = "" }: Upload, heard: Heard, ended: Ended): Parcel {
  let request = new XMLHttpRequest();
  return {
    start: () => {
      request = new XMLHttpRequest();
      request.open("PUT", address(`/v1/spaces/${space.id}/artifacts/${artifact}/content`));
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.upload.onprogress = (event) => heard(event.loaded);
      request.onload = () =>
        request.status === 200
          ? ended({ reason: "", artifact })
          : ended({
              status: request.status,
              reason: said(request.status, request.responseText),
              wait: asked(request.getResponseHeader("Retry-After")),
            });
      request.onerror = () => ended({ status: 0, reason: "" });
      request.send(file);
    },
    stop: () => request.abort(),
  };
}

/** Milliseconds of a `Retry-After`, which comes as seconds or as a date. */
function asked(retryAfter: string | null | undefined): number {
  if (!retryAfter) return 0;
  const seconds = Number(retryAfter);
  const wait = Number.isNaN(seconds) ? Date.parse(retryAfter) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

function said(status: number, text: string): string {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy in between may answer anything; the status is enough.
  }
  const { message, fields } = problem(status, body, null);
  return Object.values(fields)[0] ?? message;
}

/** Bytes in a second over the last seconds. */
function meter(): (sent: number) => number {
  let marks: { at: number; sent: number }[] = [];
  return (sent) => {
    const at = performance.now();
    marks = [...marks.filter((mark) => at - mark.at < 4_000), { at, sent }];
    const first = marks[0] ?? { at, sent };
    return at > first.at ? Math.max(0, ((sent - first.sent) / (at - first.at)) * 1000) : 0;
  };
}
