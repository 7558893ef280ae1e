// Files on their way to the server. The queue lives here and not on a page, so it goes on while people look around.
import { useSyncExternalStore } from "react";
import { api, queryClient, told } from "./api";
import { usage } from "./api/contents";
import { installation } from "./api/people";
import type { Sending } from "./sending";
import { size, uuid } from "./words";

export type State = "waiting" | "asking" | "sending" | "paused" | "lost" | "held" | "done" | "failed";
export type Upload = {
  key: string;
  space: { id: string; name: string };
  file: File;
  /** What it will be called. */
  name: string;
  /** The artifact whose next version this is; its id also once there is one. */
  artifact?: string;
  replaces: boolean;
  /** Whether it was asked if there is one of this name. */
  settled: boolean;
  sent: number;
  /** Bytes in a second, of late. */
  speed: number;
  state: State;
  /** Why it failed or is held, and until when. */
  reason: string;
  until?: number;
};
export type Answer = "both" | "replace" | "skip";

const TOGETHER = 2;
const UNDER_WAY: State[] = ["waiting", "asking", "sending", "paused", "lost", "held"];
const running = new Map<string, Sending>();
/** Which begin of an upload counts: whoever pauses and goes on at once has begun twice. */
const turns = new Map<string, symbol>();
const watchers = new Set<() => void>();
let queue: readonly Upload[] = [];
/** What to do with all others of this lot whose name is taken. */
let always: Answer | undefined;

export const useUploads = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => queue,
  );

export const underWay = (one: Upload) => UNDER_WAY.includes(one.state);

/** Put files into the queue of a space; with `artifact` each is its next version. */
export function add(space: { id: string; name: string }, files: Iterable<File>, artifact?: string): void {
  const { id, name } = space;
  if (!queue.some(underWay)) always = undefined;
  const more = Array.from(files, (file): Upload => {
    const reason = obstacle(id, file, artifact !== undefined);
    return {
      key: uuid(),
      space: { id, name },
      file,
      name: file.name,
      artifact,
      replaces: artifact !== undefined,
      settled: artifact !== undefined,
      sent: 0,
      speed: 0,
      state: reason ? "failed" : "waiting",
      reason,
    };
  });
  replace([...more, ...queue]);
  next();
}

/** Why a file cannot be taken, as far as that is known before it is sent; nothing if nothing is. */
function obstacle(spaceId: string, file: File, whole: boolean): string {
  const limits = queryClient.getQueryData(installation().queryKey);
  const most = whole ? limits?.upload_limit : limits?.tus_limit;
  if (most !== undefined && file.size > most) return `It has ${size(file.size)}; one file may have ${size(most)}.`;
  const held = queryClient.getQueryData(usage(spaceId).queryKey);
  const room = held?.limits.bytes == null ? undefined : held.limits.bytes - held.bytes - held.reserved;
  if (room !== undefined && file.size > room)
    return `It has ${size(file.size)}; the space has room for ${size(Math.max(0, room))}.`;
  return "";
}

/** Stop an upload for good, or take one that has ended off the list. */
export function remove(key: string): void {
  running.get(key)?.end();
  running.delete(key);
  turns.delete(key);
  replace(queue.filter((one) => one.key !== key));
  next();
}

/** Keep what has arrived, and go on later. */
export function pause(key: string): void {
  running.get(key)?.pause();
  change(key, { state: "paused", speed: 0 });
  next();
}

/** Go on, or send again what did not arrive. */
export function resume(key: string): void {
  change(key, { state: "waiting", reason: "" });
  next();
}

export function resumeFailed(): void {
  for (const one of queue) if (one.state === "failed") resume(one.key);
}

/** Take everything that has ended off the list. */
export function clear(): void {
  replace(queue.filter(underWay));
}

/** What to do with a file whose name is taken; `all`: with all the others too. */
export async function answer(key: string, said: Answer, all: boolean): Promise<void> {
  if (all) always = said;
  const asked = queue.filter((one) => one.state === "asking" && (all || one.key === key));
  for (const one of asked) await settle(one, said);
  next();
}

function replace(changed: readonly Upload[]): void {
  queue = changed;
  for (const watcher of watchers) watcher();
}

function change(key: string, to: Partial<Upload>): void {
  replace(queue.map((one) => (one.key === key ? { ...one, ...to } : one)));
}

function next(): void {
  const busy = queue.filter((one) => ["sending", "lost", "held"].includes(one.state)).length;
  const waiting = queue.filter((one) => one.state === "waiting").reverse();
  for (const one of waiting.slice(0, Math.max(0, TOGETHER - busy))) begin(one);
}

async function begin(one: Upload): Promise<void> {
  const { key } = one;
  const turn = Symbol(key);
  turns.set(key, turn);
  const counts = () => turns.get(key) === turn && isSending(key);
  change(key, { state: "sending" });
  if (!one.settled) {
    const taken = await named(one, one.name);
    if (!counts()) return;
    if (taken !== undefined && always === undefined) {
      change(key, { state: "asking", artifact: taken });
      return next();
    }
    if (taken !== undefined && always !== undefined) {
      change(key, { artifact: taken });
      await settle({ ...one, artifact: taken }, always);
      return next();
    }
    change(key, { settled: true });
  }
  const known = running.get(key);
  if (known) return known.start();
  const { send } = await import("./sending");
  if (!counts()) return;
  const sending = send(one, {
    progress: (sent, speed) => change(key, { sent, speed, state: "sending" }),
    lost: () => change(key, { state: "lost", speed: 0, reason: "" }),
    held: (reason, until) => change(key, { state: "held", speed: 0, reason, until }),
    done: (artifact) => {
      running.delete(key);
      change(key, { state: "done", sent: one.file.size, artifact });
      // For whoever has no stream of news at this moment.
      queryClient.invalidateQueries({ queryKey: ["artifacts", one.space.id] });
      next();
    },
    failed: (reason) => {
      running.delete(key);
      change(key, { state: "failed", speed: 0, reason });
      next();
    },
  });
  running.set(key, sending);
  sending.start();
}

const isSending = (key: string) => queue.some((one) => one.key === key && one.state === "sending");

async function settle(one: Upload, said: Answer): Promise<void> {
  if (said === "skip") return remove(one.key);
  if (said === "replace") return change(one.key, { state: "waiting", settled: true, replaces: true });
  const dot = one.name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [one.name.slice(0, dot), one.name.slice(dot)] : [one.name, ""];
  let name = one.name;
  for (let number = 2; number < 100; number += 1) {
    name = `${stem} (${number})${ending}`;
    if ((await named(one, name)) === undefined) break;
  }
  change(one.key, { state: "waiting", settled: true, artifact: undefined, name });
}

/** The artifact of the space that is called so. Not knowing is no reason to hold anybody up. */
async function named({ space }: Upload, name: string): Promise<string | undefined> {
  const q = name.replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  if (q === "") return undefined;
  const params = { path: { space_id: space.id }, query: { q, limit: 100 } };
  try {
    const found = await told(api.GET("/v1/spaces/{space_id}/artifacts", { params }));
    return found.data.find((one) => one.name === name && one.status === "completed")?.id;
  } catch {
    return undefined;
  }
}

window.addEventListener("beforeunload", (event) => {
  if (queue.some(underWay)) event.preventDefault();
});
