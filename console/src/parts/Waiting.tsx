import { Skeleton } from "@mantine/core";

/** The place of rows that are still to come. */
export function Waiting({ what, rows = 4 }: { what: string; rows?: number }) {
  return (
    <div className="stack" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, each) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
