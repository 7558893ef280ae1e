// What stands in the way of the whole window: signed out meanwhile, or older than the server.
import { useSyncExternalStore } from "react";

let standing = { signedOut: false, outdated: false };
const watchers = new Set<() => void>();

export function note(change: Partial<typeof standing>): void {
  const next = { ...standing, ...change };
  if (next.signedOut === standing.signedOut && next.outdated === standing.outdated) return;
  standing = next;
  for (const watcher of watchers) watcher();
}

export const useStanding = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => standing,
  );

/** Begin to watch for pieces of the console that are not there any more; once for each window. */
export function watchVersion(): void {
  addEventListener("vite:preloadError", async (event) => {
    const file = /\S+\.(?:js|css)/.exec(event.payload.message)?.[0];
    // A server that cannot be reached may come back; what it does not have belonged to another version.
    const answer = file && (await fetch(file, { method: "HEAD", cache: "no-store" }).catch(() => undefined));
    if (file ? answer && answer.status === 404 : navigator.onLine) note({ outdated: true });
  });
}
