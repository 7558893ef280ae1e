import { useTick } from "../clock";
import { ago, exactly } from "../words";

/** How long ago it was, and goes on counting; the exact time on hover. */
export function Moment({ at }: { at: string }) {
  useTick();
  return (
    <time dateTime={at} title={exactly(at)}>
      {ago(at)}
    </time>
  );
}
