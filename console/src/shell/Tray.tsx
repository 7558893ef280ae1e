import { ActionIcon, Button, Indicator, Popover, Progress, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRefresh, IconUpload, IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { clear, remove, retry, type Upload, useUploads } from "../uploads";
import { size } from "../words";

/** The uploads of this window, from whichever page they were begun. */
export function Tray() {
  const uploads = useUploads();
  const [opened, { open, close, toggle }] = useDisclosure(false);
  const under = uploads.filter((one) => one.state === "waiting" || one.state === "sending").length;
  const before = useRef(0);
  useEffect(() => {
    // Opens by itself when files were added, and stays as it is afterwards.
    if (uploads.length > before.current) open();
    before.current = uploads.length;
  }, [uploads.length, open]);
  return (
    <Popover
      opened={opened}
      onChange={close}
      width={360}
      position="bottom-end"
      shadow="md"
      radius="lg"
      trapFocus={false}
    >
      <Indicator disabled={under === 0} label={under} size={17} offset={4} inline>
        <Popover.Target>
          <ActionIcon variant="subtle" color="gray" size={38} onClick={toggle} aria-label={spoken(uploads)}>
            <IconUpload size={20} stroke={1.8} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown className="tray" aria-label="Uploads">
        <header>
          <Title order={3}>Uploads</Title>
          {uploads.length > under && (
            <Button size="compact-sm" variant="subtle" onClick={clear}>
              Clear finished
            </Button>
          )}
        </header>
        {uploads.length === 0 ? (
          <Text c="dimmed" size="sm">
            Files that you add to a space are listed here while they are sent.
          </Text>
        ) : (
          <ul>
            {uploads.map((one) => (
              <Line key={one.key} upload={one} />
            ))}
          </ul>
        )}
      </Popover.Dropdown>
      <span className="unseen" role="status">
        {uploads.length > 0 && under === 0 ? spoken(uploads) : ""}
      </span>
    </Popover>
  );
}

function Line({ upload }: { upload: Upload }) {
  const { key, file, state, sent, reason } = upload;
  const part = file.size ? Math.min(100, (sent / file.size) * 100) : 0;
  return (
    <li>
      <div className="file">
        <strong title={file.name}>{file.name}</strong>
        <Text size="xs" c={state === "failed" ? "var(--cy-alarm)" : "dimmed"}>
          {state === "failed" ? reason : state === "done" ? `${size(file.size)} · ${upload.space.name}` : said(upload)}
        </Text>
        {(state === "sending" || state === "waiting") && <Progress value={part} size={5} aria-label={file.name} />}
      </div>
      {state === "failed" && (
        <ActionIcon variant="subtle" onClick={() => retry(key)} aria-label={`Send ${file.name} again`}>
          <IconRefresh size={17} aria-hidden />
        </ActionIcon>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        onClick={() => remove(key)}
        aria-label={
          state === "sending" || state === "waiting" ? `Cancel ${file.name}` : `Take ${file.name} off the list`
        }
      >
        <IconX size={17} aria-hidden />
      </ActionIcon>
    </li>
  );
}

const said = ({ state, sent, file }: Upload) =>
  state === "waiting" ? "Waiting" : `${size(sent)} of ${size(file.size)}`;

function spoken(uploads: readonly Upload[]): string {
  const done = uploads.filter((one) => one.state === "done").length;
  const failed = uploads.filter((one) => one.state === "failed").length;
  if (uploads.length === 0) return "Uploads: none";
  return `Uploads: ${done} of ${uploads.length} done${failed ? `, ${failed} failed` : ""}`;
}
