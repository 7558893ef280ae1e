// Keys that do something anywhere, and the switch that turns the single letters off.
import { useSyncExternalStore } from "react";

const KEPT = "courtyard-shortcuts";
const watchers = new Set<() => void>();

export const SHORTCUTS = [
  { keys: ["Ctrl", "K"], does: "Search, and jump to a page" },
  { keys: ["/"], does: "Search" },
  { keys: ["?"], does: "Show this list" },
  { keys: ["n"], does: "New: a space, a key, whatever the page makes" },
  { keys: ["u"], does: "Upload files" },
  { keys: ["j"], does: "To the next row" },
  { keys: ["k"], does: "To the row before" },
  { keys: ["Enter"], does: "Open it" },
  { keys: ["g", "s"], does: "Go to the spaces" },
  { keys: ["g", "j"], does: "Go to the jobs" },
  { keys: ["g", "k"], does: "Go to the keys" },
  { keys: ["g", "a"], does: "Go to the administration, or to your account" },
  { keys: ["Ctrl", "."], does: "Light or dark" },
];

const isOn = () => localStorage.getItem(KEPT) !== "off";

export function setShortcuts(on: boolean): void {
  localStorage.setItem(KEPT, on ? "on" : "off");
  for (const watcher of watchers) watcher();
}

export const useShortcuts = () =>
  useSyncExternalStore((watcher) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }, isOn);

/** Whether keys go into a field now, or belong to a menu or a dialog. */
const isTaken = (target: EventTarget | null) =>
  target instanceof Element &&
  target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]") !== null;

type Doing = {
  search: () => void;
  help: () => void;
  go: (to: "s" | "j" | "k" | "a") => void;
  colours: () => void;
};

/** When `g` was pressed last. */
let goes = 0;

/** Moves the focus among the rows or cards of the page. */
function move(by: 1 | -1): void {
  const names = "main .rows tbody th :is(a, button), main .cards h2 a, main .talks a";
  const all = [...document.querySelectorAll<HTMLElement>(names)];
  const now = all.indexOf(document.activeElement as HTMLElement);
  all[now === -1 ? (by === 1 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + by))]?.focus();
}

const press = (key: string) => {
  const button = document.querySelector<HTMLElement>(`main [data-key="${key}"]`);
  button?.click();
  return button !== null;
};

/** Chooses the row that has the focus, or not any more. */
const pick = () => {
  const box = document.activeElement?.closest("tr")?.querySelector<HTMLElement>(".pick input");
  box?.click();
  return box != null;
};

/** Does what a key means; a page marks what it makes by `data-key`. */
export function hear(event: KeyboardEvent, doing: Doing): void {
  if (means(event, doing)) {
    goes = 0;
    event.preventDefault();
  }
}

/** Whether the key did something. */
function means(event: KeyboardEvent, doing: Doing): boolean {
  const { key, timeStamp } = event;
  const command = event.ctrlKey || event.metaKey;
  const meant = command && !event.altKey ? { ".": doing.colours, k: doing.search }[key] : undefined;
  if (meant) {
    meant();
    return true;
  }
  if (event.defaultPrevented || command || event.altKey) return false;
  if (!isOn() || isTaken(event.target) || document.querySelector("[role=dialog]")) return false;
  if (timeStamp - goes < 1_000 && (key === "s" || key === "j" || key === "k" || key === "a")) doing.go(key);
  else if (key === "/") doing.search();
  else if (key === "?") doing.help();
  else if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "n" || key === "u") return press(key);
  else if (key === "x") return pick();
  else {
    goes = key === "g" ? timeStamp : 0;
    return false;
  }
  return true;
}
