import { Button, FileButton, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Space } from "../api";
import { usage } from "../api/contents";
import { installation } from "../api/people";
import { add } from "../uploads";
import { size } from "../words";

/** The button that adds files. */
export function Add({ space }: { space: Space }) {
  // Without it the same file could not be chosen a second time.
  const forget = useRef<() => void>(null);
  return (
    <FileButton
      multiple
      resetRef={forget}
      onChange={(files) => {
        add(space, files);
        forget.current?.();
      }}
      inputProps={{ "aria-label": "Files to upload" }}
    >
      {(props) => (
        <Button {...props} data-key="u" leftSection={<IconUpload size={17} aria-hidden />}>
          Upload files
        </Button>
      )}
    </FileButton>
  );
}

/** Takes files that are dropped anywhere on the page; the button does the same for those who do not drag. */
export function Drop({ space, open, children }: { space: Space; open: boolean; children: ReactNode }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!open) return;
    const ending = new AbortController();
    const on = (name: "dragover" | "dragleave" | "drop", hear: (event: DragEvent) => void) =>
      addEventListener(name, hear, { signal: ending.signal });
    on("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    });
    // Into nothing: out of the window.
    on("dragleave", (event) => event.relatedTarget === null && setOver(false));
    on("drop", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(false);
      add(space, event.dataTransfer.files);
    });
    return () => ending.abort();
  }, [space, open]);
  return (
    <div className="drop">
      {children}
      {over && <div className="over">Drop to upload to {space.name}</div>}
    </div>
  );
}

/** How large a file may be, and how much there is room for. */
export function Room({ space }: { space: Space }) {
  const { data: limits } = useQuery(installation());
  const { data: held } = useQuery(usage(space.id));
  if (!limits || !held) return null;
  const most = held.limits.bytes;
  if (most !== null && held.bytes + held.reserved >= most)
    return (
      <Text size="sm" c="var(--cy-alarm)" mb="sm">
        The space is full: it may hold {size(most)}. Delete something for good first; the trash counts too.
      </Text>
    );
  return (
    <Text size="sm" c="dimmed" mb="sm">
      {most === null ? `${size(held.bytes)} used` : `${size(held.bytes)} of ${size(most)} used`} · one file up to{" "}
      {size(limits.tus_limit)}
    </Text>
  );
}
