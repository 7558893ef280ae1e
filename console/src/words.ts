// How the console writes numbers, sizes, times and roles.
import type { Space, Visibility } from "./api";
import type { Job } from "./api/contents";

const LANGUAGE = navigator.language;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** A size in decimal units: `1.2 MB`. */
export function size(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const options = { style: "unit", unit: UNITS[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LANGUAGE, options as Intl.NumberFormatOptions).format(bytes / 1000 ** step);
}

/** A number with the marks of the language. */
export const count = (value: number) => new Intl.NumberFormat(LANGUAGE).format(value);

/** So many of a thing: `1 artifact`, `3 artifacts`. */
export const counted = (value: number, one: string) => `${count(value)} ${value === 1 ? one : `${one}s`}`;

/** How long ago: `3 days ago`. */
export function ago(time: string): string {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length)
      return new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" }).format(Math.round(seconds / length), unit);
  }
  return "just now";
}

export const exactly = (time: string) =>
  new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "full", timeStyle: "medium" }).format(new Date(time));

export const clock = (time: number) =>
  new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "medium" }).format(new Date(time));

/** What a job does, in words. */
export const KINDS: Record<string, string> = {
  generate: "Make the document",
  inspect: "Look into the file",
  preview: "Draw the preview",
  export: "Pack the space",
  import: "Unpack a space",
};

/** For how long a job has run, until its end or until now. */
export function lasted({ started_at, completed_at }: Job): string {
  if (started_at === null) return "–";
  const seconds = ((completed_at ? Date.parse(completed_at) : Date.now()) - Date.parse(started_at)) / 1000;
  const [unit, value] =
    seconds < 90 ? ["second", seconds] : seconds < 5400 ? ["minute", seconds / 60] : ["hour", seconds / 3600];
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 } as Intl.NumberFormatOptions;
  return new Intl.NumberFormat(LANGUAGE, options).format(Math.max(0, Number(value)));
}

export const VISIBILITIES: { value: Visibility; label: string; meaning: string }[] = [
  { value: "private", label: "Private", meaning: "Only people who are invited to it." },
  { value: "shared", label: "Shared", meaning: "Everybody in its organization may look." },
  { value: "public", label: "Public", meaning: "Everybody may look, also without an account." },
];

const RANK = ["viewer", "editor", "admin", "owner"];

/** Whether somebody's role in a space is at least this one. */
export const may = (space: Space, role: "viewer" | "editor" | "admin" | "owner") =>
  space.role !== null && RANK.indexOf(space.role) >= RANK.indexOf(role);

/** A name for one thing on the wire. `crypto.randomUUID` is missing on plain `http://` addresses. */
export const uuid = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
