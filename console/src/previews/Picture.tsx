import { ActionIcon, Loader, Text } from "@mantine/core";
import { IconZoomIn, IconZoomOut, IconZoomReset } from "@tabler/icons-react";
import { useEffect, useState } from "react";

const STEPS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

/** A picture that can be looked at closely. A drawing (SVG) is shown as a picture too, where its scripts never run. */
export function Picture({ name, source, drawing, note }: Shown) {
  const [drawn, setDrawn] = useState<string>();
  const [failed, setFailed] = useState(false);
  const [wide, setWide] = useState(0);
  // Fitted to the panel, until somebody wants another size.
  const [zoom, setZoom] = useState<number>();
  useEffect(() => {
    if (!drawing) return;
    // The server hands out what could run as opaque bytes: its type is said here, and only to the picture.
    let made = "";
    let gone = false;
    fetch(source)
      .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(response)))
      .then((bytes) => {
        if (gone) return;
        made = URL.createObjectURL(new Blob([bytes], { type: "image/svg+xml" }));
        setDrawn(made);
      })
      .catch(() => setFailed(true));
    return () => {
      gone = true;
      URL.revokeObjectURL(made);
    };
  }, [drawing, source]);
  const step = (by: 1 | -1) => {
    const now = zoom ?? 1;
    const next = by > 0 ? STEPS.find((each) => each > now) : STEPS.findLast((each) => each < now);
    setZoom(next ?? now);
  };
  if (failed) return <Text className="cut">This picture cannot be shown.</Text>;
  const shown = drawing ? drawn : source;
  if (shown === undefined) return <Loader m="xl" aria-label="Loading the preview" />;
  return (
    <div className="picture">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="scrolls" tabIndex={0} aria-label="Picture">
        <img
          src={shown}
          alt={`Preview of ${name}`}
          data-fitted={zoom === undefined || undefined}
          width={zoom && wide ? wide * zoom : undefined}
          onLoad={({ currentTarget }) => setWide(currentTarget.naturalWidth || currentTarget.width)}
          onError={() => setFailed(true)}
        />
      </section>
      <div className="zoom">
        {note && <Text size="sm">{note}</Text>}
        <ActionIcon variant="subtle" color="gray" onClick={() => step(-1)} aria-label="Zoom out">
          <IconZoomOut size={19} aria-hidden />
        </ActionIcon>
        <span role="status">{zoom === undefined ? "Fitted" : `${Math.round(zoom * 100)} %`}</span>
        <ActionIcon variant="subtle" color="gray" onClick={() => step(1)} aria-label="Zoom in">
          <IconZoomIn size={19} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" onClick={() => setZoom(undefined)} aria-label="Fit into the panel">
          <IconZoomReset size={19} aria-hidden />
        </ActionIcon>
      </div>
    </div>
  );
}

type Shown = { name: string; source: string; drawing?: boolean; note?: string };
