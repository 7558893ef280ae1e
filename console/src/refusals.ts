// What is wrong with a field of a form, as the server said it.
import { Problem } from "./api";

/** The complaint about a field, or about one of the things in it. */
export function complaint(error: Error | null, field: string): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  const found = Object.entries(error.fields).find(([name]) => name === field || name.startsWith(`${field}/`));
  return found?.[1];
}

/** What a text area holds, line by line. */
export const lines = (value: FormDataEntryValue | null) =>
  String(value ?? "")
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter(Boolean);
