// Files on their way to the server. The queue lives here and not on a page, so it goes on while people look around.
import { useSyncExternalStore } from "react";
import { address, problem, queryClient, signIn } from "./api";
import { uuid } from "./words";

export type Upload = {
  key: string;
  space: { id: string; name: string };
  file: File;
  sent: number;
  state: "waiting" | "sending" | "done" | "failed";
  reason: string;
};

const TOGETHER = 2;
const running = new Map<string, XMLHttpRequest>();
const watchers = new Set<() => void>();
let queue: readonly Upload[] = [];

export const useUploads = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => queue,
  );

/** Put files into the queue of a space. */
export function add(space: { id: string; name: string }, files: Iterable<File>): void {
  const { id, name } = space;
  const more = Array.from(files, (file) => ({ key: uuid(), space: { id, name }, file, sent: 0, reason: "" }));
  replace([...more.map((one): Upload => ({ ...one, state: "waiting" })), ...queue]);
  next();
}

/** Stop an upload, or take one that has ended off the list. */
export function remove(key: string): void {
  running.get(key)?.abort();
  running.delete(key);
  replace(queue.filter((one) => one.key !== key));
  next();
}

/** Send again what did not arrive; the same key makes it one artifact, however often it is sent. */
export function retry(key: string): void {
  change(key, { state: "waiting", sent: 0, reason: "" });
  next();
}

/** Take everything that has ended off the list. */
export function clear(): void {
  replace(queue.filter((one) => one.state === "waiting" || one.state === "sending"));
}

function replace(changed: readonly Upload[]): void {
  queue = changed;
  for (const watcher of watchers) watcher();
}

function change(key: string, to: Partial<Upload>): void {
  replace(queue.map((one) => (one.key === key ? { ...one, ...to } : one)));
}

function next(): void {
  const waiting = queue.filter((one) => one.state === "waiting").reverse();
  for (const one of waiting.slice(0, TOGETHER - running.size)) send(one);
}

// fetch tells nothing of what has been sent; XMLHttpRequest does.
function send({ key, space, file }: Upload): void {
  const request = new XMLHttpRequest();
  running.set(key, request);
  change(key, { state: "sending" });
  request.open("POST", address(`/v1/spaces/${space.id}/artifacts?name=${encodeURIComponent(file.name)}`));
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.setRequestHeader("Idempotency-Key", key);
  request.upload.onprogress = (event) => change(key, { sent: event.loaded });
  request.onload = () => ended(key, request, request.status === 201 ? "" : refused(request));
  request.onerror = () => ended(key, request, "The connection was lost.");
  request.send(file);

  function ended(of: string, by: XMLHttpRequest, reason: string): void {
    if (running.get(of) !== by) return;
    running.delete(of);
    change(of, reason ? { state: "failed", reason } : { state: "done", sent: file.size });
    queryClient.invalidateQueries({ queryKey: ["artifacts", space.id] });
    next();
  }
}

function refused(request: XMLHttpRequest): string {
  if (request.status === 401) signIn();
  let body: unknown = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // A proxy in between may answer anything; the status is enough.
  }
  const { message, fields } = problem(request.status, body, null);
  return Object.values(fields)[0] ?? message;
}

window.addEventListener("beforeunload", (event) => {
  if (queue.some((one) => one.state === "waiting" || one.state === "sending")) event.preventDefault();
});
