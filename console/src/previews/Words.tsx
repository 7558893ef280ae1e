import { Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { size } from "../words";
import { beginning, MOST } from "./text";

/** Plain text, and the source of whatever a browser could run. */
export function Words({ source, total }: { source: string; total: number }) {
  const { data } = useSuspenseQuery(beginning(source));
  return (
    <>
      <Cut total={total} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="scrolls" tabIndex={0} aria-label="Text of the file">
        <pre className="words">{data}</pre>
      </section>
    </>
  );
}

/** Says so when only the beginning is shown. */
export function Cut({ total }: { total: number }) {
  if (total <= MOST) return null;
  return (
    <Text size="sm" c="dimmed" className="cut">
      The first {size(MOST)} of {size(total)}.
    </Text>
  );
}
