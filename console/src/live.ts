// What happens on the server shows at once: news make the questions old that they may have answered differently.
import { useSyncExternalStore } from "react";
import { queryClient } from "./api";
import { listen, type News, type Said } from "./stream";

/** Which questions a kind of news is about, by the first word of their keys. */
const ABOUT: Record<string, string[]> = {
  artifact: ["artifacts", "artifact", "properties", "versions", "trash", "jobs", "links", "thread", "usage"],
  job: ["jobs", "job", "artifacts", "artifact"],
  thread: ["threads", "thread"],
  message: ["threads", "thread", "messages"],
  customer: ["customers", "customer"],
  member: ["members", "space", "spaces", "activity", "invitations", "received"],
  space: ["space", "spaces", "activity"],
};
/** These are asked across spaces; all others have the space in their key, or the thing itself. */
const EVERYWHERE = new Set(["spaces", "customers", "job", "received"]);
/** News that come together are one change. */
const TOGETHER = 250;
/** So long a connection may be lost before anybody has to know. */
const PATIENCE = 3_000;

let waiting: News[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let lost = false;
let worry: ReturnType<typeof setTimeout> | undefined;
let known = false;
const watchers = new Set<() => void>();

/** Whether the stream of news has been broken off for a while. */
export const useLost = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => lost,
  );

/** Begin to listen; once for each window. */
export function begin(): void {
  if (typeof SharedWorker === "undefined") {
    const { wake } = listen(hear);
    addEventListener("online", wake);
    return;
  }
  const { port } = new SharedWorker(new URL("./events-worker.ts", import.meta.url), {
    type: "module",
    name: "courtyard-events",
  });
  port.onmessage = ({ data }) => hear(data);
  const hello = () => port.postMessage("hello");
  hello();
  addEventListener("online", hello);
  addEventListener("pagehide", () => port.postMessage("bye"));
  addEventListener("pageshow", ({ persisted }) => persisted && hello());
}

function hear(said: Said): void {
  if (said.kind === "lost") {
    worry ??= setTimeout(() => show(true), PATIENCE);
    return;
  }
  clearTimeout(worry);
  worry = undefined;
  show(false);
  if (said.kind === "reset") queryClient.invalidateQueries();
  // Between the first questions of this window and the first news of the stream something may have happened.
  else if (said.kind === "live" && !known)
    queryClient.invalidateQueries({
      predicate: ({ queryKey: [name, , , last] }) =>
        name === "jobs" || name === "artifact" || (name === "messages" && last === undefined),
    });
  else if (said.kind === "news") {
    waiting.push(said.news);
    if (timer === undefined) timer = setTimeout(apply, TOGETHER);
  }
  known = true;
}

function show(now: boolean): void {
  if (lost === now) return;
  lost = now;
  for (const watcher of watchers) watcher();
}

function apply(): void {
  const news = waiting;
  waiting = [];
  timer = undefined;
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => news.some((one) => touches(one, queryKey)) });
}

function touches({ type, space_id, object, artifact_id, thread_id }: News, key: readonly unknown[]): boolean {
  const name = String(key[0]);
  if (!ABOUT[type.split(".")[0] ?? ""]?.includes(name)) return false;
  if (EVERYWHERE.has(name) || key[1] === "everywhere") return true;
  // The facts of another artifact of the same space are as they were, and what was said in another thread.
  const about = object.kind === "artifact" ? object.id : artifact_id;
  if (["artifact", "properties", "versions", "links"].includes(name) && about) return key[2] === about;
  if (["thread", "messages"].includes(name) && thread_id) return key[2] === thread_id;
  return [space_id, object.id, artifact_id, thread_id].some((id) => id != null && key.includes(id));
}
