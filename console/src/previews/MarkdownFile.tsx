import { useSuspenseQuery } from "@tanstack/react-query";
import { Markdown } from "../parts/Markdown";
import { beginning } from "./text";
import { Cut } from "./Words";

/** A Markdown file as it is meant. */
export function MarkdownFile({ source, total }: { source: string; total: number }) {
  const { data } = useSuspenseQuery(beginning(source));
  return (
    <>
      <Cut total={total} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="prose scrolls" tabIndex={0} aria-label="Text of the file">
        <Markdown>{data}</Markdown>
      </section>
    </>
  );
}
