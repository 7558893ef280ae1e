// How one file gets to the server: by tus, which goes on after a break where it was; a next version goes in one piece.
import { DefaultHttpStack, DetailedError, defaultOptions, Upload as Tus, type UrlStorage } from "tus-js-client";
import { address, api, problem, signIn, told } from "./api";
import type { Upload } from "./uploads";
import { uuid } from "./words";

export type Sending = { start: () => void; pause: () => void; end: () => void };
export type Telling = {
  progress: (sent: number, speed: number) => void;
  lost: () => void;
  done: (artifact: string | undefined) => void;
  failed: (reason: string) => void;
};

const LONGEST = 15_000;
/** Worth another try by itself: no answer, trouble on the other side, or somebody else still holds the upload. */
const PASSING = new Set([0, 408, 409, 423, 429, 500, 502, 503, 504]);

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

  function ended(status: number | undefined, reason: string, artifact?: string): void {
    if (stopped) return;
    if (status === undefined) telling.done(artifact);
    else if (!PASSING.has(status)) {
      if (status === 401) signIn();
      telling.failed(reason);
    } else {
      telling.lost();
      failures += 1;
      timer = setTimeout(again, Math.min(LONGEST, 500 * 2 ** failures));
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
type Ended = (status: number | undefined, reason: string, artifact?: string) => void;

function inPieces({ space, file, name }: Upload, heard: Heard, ended: Ended): Parcel {
  let begun = false;
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
        (upload) => ended(undefined, "", upload.artifact_id ?? undefined),
        () => ended(undefined, ""),
      );
    },
    onError: (error) => {
      const response = error instanceof DetailedError ? error.originalResponse : null;
      const status = response?.getStatus() ?? (error instanceof DetailedError ? 0 : -1);
      ended(status, status > 0 ? said(status, response?.getBody() ?? "") : "The file can no longer be read.");
    },
  });
  return {
    start: async () => {
      if (!begun) {
        begun = true;
        const [before] = await tus.findPreviousUploads();
        if (before) tus.resumeFromPreviousUpload(before);
      }
      tus.start();
    },
    // What has arrived of an upload that was given up goes too.
    stop: (forGood) => tus.abort(forGood).catch(() => {}),
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
          ? ended(undefined, "", artifact)
          : ended(request.status, said(request.status, request.responseText));
      request.onerror = () => ended(0, "");
      request.send(file);
    },
    stop: () => request.abort(),
  };
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
