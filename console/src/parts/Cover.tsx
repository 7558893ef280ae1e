import { useState } from "react";
import { address, type Space } from "../api";

const WIDTH = 400;
const HEIGHT = 160;
const HUES = [162, 186, 205, 228, 262, 330, 18, 38, 92];

/** The background of a space; while it has none, or it cannot be shown, hills that follow from its id. */
export function Cover({ space }: { space: Space }) {
  const [failed, setFailed] = useState("");
  // A changed background has the same address: the time of the change makes it another one.
  const source = space.background_url && `${address(space.background_url)}?${Date.parse(space.updated_at)}`;
  if (source && source !== failed)
    return <img className="cover" src={source} alt="" loading="lazy" onError={() => setFailed(source)} />;
  return <Hills id={space.id} />;
}

function Hills({ id }: { id: string }) {
  const draw = numbers(id);
  const hue = HUES[Math.floor(draw() * HUES.length)] ?? 162;
  const sun = { x: 60 + draw() * 280, y: 38 + draw() * 26, size: 15 + draw() * 11 };
  return (
    <svg className="cover hills" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="xMidYMid slice" aria-hidden>
      <rect width={WIDTH} height={HEIGHT} fill={`hsl(${hue} 42% 88%)`} />
      <circle cx={sun.x} cy={sun.y} r={sun.size * 1.9} fill={`hsl(${hue + 20} 70% 94%)`} />
      <circle cx={sun.x} cy={sun.y} r={sun.size} fill={`hsl(${hue + 30} 80% 97%)`} />
      {[0, 1, 2, 3].map((layer) => (
        <path key={layer} d={ridge(draw, 66 + layer * 24, 17 - layer * 2)} fill={shade(hue, layer)} />
      ))}
    </svg>
  );
}

const shade = (hue: number, layer: number) => `hsl(${hue - layer * 7} ${34 + layer * 4}% ${73 - layer * 13}%)`;

/** The line of one row of hills, from edge to edge, closed at the bottom. */
function ridge(draw: () => number, level: number, height: number): string {
  const waves = [1, 2, 3.4].map((times) => ({ times, from: draw() * 7, tall: (draw() * 0.7 + 0.3) / times }));
  const at = (x: number) =>
    level +
    height * waves.reduce((sum, wave) => sum + wave.tall * Math.sin((x / WIDTH) * 6 * wave.times + wave.from), 0);
  const points = Array.from({ length: 41 }, (_, step) => `${step * 10} ${at(step * 10).toFixed(1)}`);
  return `M0 ${HEIGHT} L${points.join(" L")} L${WIDTH} ${HEIGHT} Z`;
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
