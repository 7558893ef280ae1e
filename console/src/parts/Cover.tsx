import { type CSSProperties, useState } from "react";
import { address, type Space } from "../api";

const HEIGHT = 160;
/** A twelfth of the circle apart, or they look alike; without the yellow, of which no hills are. */
const HUES = [162, 192, 222, 252, 282, 312, 342, 12, 42, 102, 132];

/** The background of a space; while it has none, or it cannot be shown, hills that follow from its id. */
export function Cover({ space, wide }: { space: Space; wide?: boolean }) {
  const [failed, setFailed] = useState("");
  // A changed background has the same address: the time of the change makes it another one.
  const source = space.background_url && `${address(space.background_url)}?${Date.parse(space.updated_at)}`;
  if (source && source !== failed)
    return <img className="cover" src={source} alt="" loading="lazy" onError={() => setFailed(source)} />;
  return <Hills id={space.id} number={space.number} width={wide ? 860 : 400} />;
}

/** Their colours are in `parts.css`, by day and by night. Spaces that were made one after another have hues far apart. */
function Hills({ id, number, width }: { id: string; number: number; width: number }) {
  const draw = numbers(id);
  const hue = HUES[(number * 4) % HUES.length] ?? 162;
  const sun = { cx: width * (0.2 + draw() * 0.6), cy: 38 + draw() * 26, r: 15 + draw() * 11 };
  return (
    <svg
      className="cover hills"
      style={{ "--hue": hue } as CSSProperties}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="xMidYMin slice"
      aria-hidden
    >
      <rect width={width} height={HEIGHT} />
      <circle className="glow" {...sun} r={sun.r * 1.9} />
      <circle {...sun} />
      {[0, 1, 2, 3].map((layer) => (
        <path key={layer} d={ridge(draw, width, 66 + layer * 24, 17 - layer * 2)} />
      ))}
    </svg>
  );
}

/** The line of one row of hills, from edge to edge, closed at the bottom. */
function ridge(draw: () => number, width: number, level: number, height: number): string {
  const waves = [1, 2, 3.4].map((times) => ({ times, from: draw() * 7, tall: (draw() * 0.7 + 0.3) / times }));
  const at = (x: number) =>
    level + height * waves.reduce((sum, wave) => sum + wave.tall * Math.sin((x / 66) * wave.times + wave.from), 0);
  const points = Array.from({ length: width / 10 + 1 }, (_, step) => `${step * 10} ${at(step * 10).toFixed(1)}`);
  return `M0 ${HEIGHT} L${points.join(" L")} L${width} ${HEIGHT} Z`;
}

/** The same numbers between 0 and 1 for the same text, always (FNV-1a, then xorshift). */
function numbers(text: string): () => number {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
