import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import Plot from "uplot";

type Line = { label: string; colour: string; values: (number | null)[] };

const DAY = new Intl.DateTimeFormat(navigator.language, { day: "numeric", month: "short" });
const HOUR = new Intl.DateTimeFormat(navigator.language, { hour: "numeric", minute: "2-digit" });

/** A place on the axis of time: the day where one begins, else the hour. */
function when(seconds: number): string {
  const at = new Date(seconds * 1000);
  return (at.getHours() === 0 && at.getMinutes() === 0 ? DAY : HOUR).format(at);
}

/** Lines over time. What they show is told in numbers beside it: a canvas says nothing to who cannot see it. */
export function Chart({ title, at, lines, write }: Drawn) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours of the lines depend on the scheme
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { font, stroke: colour("--mantine-color-dimmed"), grid: { stroke: colour("--cy-line"), width: 1 } };
    const plot = new Plot(
      {
        width: box.clientWidth,
        height: 180,
        cursor: { y: false },
        legend: { show: false },
        axes: [
          { ...axis, grid: { show: false }, values: (_, ticks) => ticks.map(when) },
          {
            ...axis,
            size: (_, words) => 22 + 7 * Math.max(...(words ?? []).map(({ length }) => length), 3),
            values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? write(tick) : "")),
          },
        ],
        scales: { y: { range: (_, _least, most) => [0, Math.max(most, 1)] } },
        series: [
          {},
          ...lines.map((line, index) => ({
            stroke: colour(line.colour),
            width: 2,
            dash: index === 0 ? undefined : [6, 3 + index],
            points: { show: false },
          })),
        ],
      },
      [at, ...lines.map(({ values }) => values)],
      box,
    );
    const follow = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 180 }));
    follow.observe(box);
    return () => {
      follow.disconnect();
      plot.destroy();
    };
  }, [at, lines, write, scheme]);
  return (
    <>
      {lines.length > 1 && (
        <ul className="legend">
          {lines.map(({ label, colour }) => (
            <li key={label} data-colour={colour}>
              {label}
            </li>
          ))}
        </ul>
      )}
      <div ref={place} className="plot" role="img" aria-label={`${title} over time; the numbers are below`} />
    </>
  );
}

type Drawn = { title: string; at: number[]; lines: Line[]; write: (value: number) => string };
