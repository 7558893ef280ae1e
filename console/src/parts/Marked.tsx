import type { Pieces } from "../api/search";

/** A text in which what was looked for is marked. */
export function Marked({ pieces }: { pieces: Pieces }) {
  return pieces.map(({ text, marked }, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name
    marked ? <mark key={at}>{text}</mark> : <span key={at}>{text}</span>,
  );
}
