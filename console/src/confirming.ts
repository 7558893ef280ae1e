// Whether it is still the same person: calls that wait for the answer, and the dialog that gives it.
import { useSyncExternalStore } from "react";

let waiting: ((yes: boolean) => void)[] = [];
const watchers = new Set<() => void>();
const tell = () => {
  for (const watcher of watchers) watcher();
};

/** Waits until the dialog was answered: true once the server knows, false when it was closed. */
export const confirmed = () =>
  new Promise<boolean>((resolve) => {
    waiting.push(resolve);
    tell();
  });

/** What the dialog says to all calls that wait. */
export function settle(yes: boolean): void {
  const told = waiting;
  waiting = [];
  tell();
  for (const resolve of told) resolve(yes);
}

export const useWaiting = () =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => waiting.length > 0,
  );
