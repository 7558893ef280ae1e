import { ActionIcon, Button, Indicator, Popover, Progress, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconUpload, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { clear, pause, remove, resume, resumeFailed, type Upload, underWay, useUploads } from "../uploads";
import { clock, size } from "../words";

const Taken = lazy(() => import("./Taken").then((module) => ({ default: module.Taken })));

/** The uploads of this window, from whichever page they were begun. */
export function Tray() {
  const uploads = useUploads();
  const [opened, { open, close, toggle }] = useDisclosure(false);
  const under = uploads.filter(underWay).length;
  const failed = uploads.filter((one) => one.state === "failed").length;
  const asking = uploads.findLast((one) => one.state === "asking");
  const before = useRef(0);
  useEffect(() => {
    // Opens by itself when files were added, and stays as it is afterwards.
    if (uploads.length > before.current) open();
    before.current = uploads.length;
  }, [uploads.length, open]);
  return (
    <>
      <Popover
        opened={opened && asking === undefined}
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
            {failed > 1 && (
              <Button size="compact-sm" variant="subtle" onClick={resumeFailed}>
                Retry all failed
              </Button>
            )}
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
      </Popover>
      <span className="unseen" role="status">
        {uploads.length > 0 && under === 0 ? spoken(uploads) : ""}
      </span>
      {asking && (
        <Suspense>
          <Taken key={asking.key} upload={asking} />
        </Suspense>
      )}
    </>
  );
}

function Line({ upload }: { upload: Upload }) {
  const { key, file, name, state, sent, artifact, space } = upload;
  const part = file.size ? Math.min(100, (sent / file.size) * 100) : 0;
  const goes = ["sending", "lost", "held", "waiting"].includes(state);
  return (
    <li>
      <div className="file">
        {state === "done" && artifact ? (
          <Link
            to="/spaces/$spaceId/artifacts/$artifactId"
            params={{ spaceId: space.id, artifactId: artifact }}
            title={name}
          >
            {name}
          </Link>
        ) : (
          <strong title={name}>{name}</strong>
        )}
        <Text size="xs" c={state === "failed" ? "var(--cy-alarm)" : "dimmed"}>
          {said(upload)}
        </Text>
        {(goes || state === "paused") && <Progress value={part} size={5} aria-label={name} />}
      </div>
      {goes && !upload.replaces && (
        <ActionIcon variant="subtle" color="gray" onClick={() => pause(key)} aria-label={`Pause ${name}`}>
          <IconPlayerPause size={17} aria-hidden />
        </ActionIcon>
      )}
      {state === "paused" && (
        <ActionIcon variant="subtle" onClick={() => resume(key)} aria-label={`Go on with ${name}`}>
          <IconPlayerPlay size={17} aria-hidden />
        </ActionIcon>
      )}
      {state === "failed" && (
        <ActionIcon variant="subtle" onClick={() => resume(key)} aria-label={`Send ${name} again`}>
          <IconRefresh size={17} aria-hidden />
        </ActionIcon>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        onClick={() => remove(key)}
        aria-label={underWay(upload) ? `Cancel ${name}` : `Take ${name} off the list`}
      >
        <IconX size={17} aria-hidden />
      </ActionIcon>
    </li>
  );
}

function said({ state, sent, speed, file, space, reason, until = 0 }: Upload): string {
  const far = `${size(sent)} of ${size(file.size)}`;
  if (state === "waiting" || state === "asking") return "Waiting";
  if (state === "paused") return `Paused at ${far}`;
  if (state === "lost") return `The connection was lost at ${far}. It goes on by itself.`;
  if (state === "held") return `${reason} It goes on by itself at ${clock(until)}.`;
  if (state === "failed") return reason;
  if (state === "done") return `${size(file.size)} · ${space.name}`;
  return speed > 0 && sent < file.size ? `${far} · ${size(speed)}/s · ${left((file.size - sent) / speed)}` : far;
}

const left = (seconds: number) =>
  seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;

function spoken(uploads: readonly Upload[]): string {
  const done = uploads.filter((one) => one.state === "done").length;
  const failed = uploads.filter((one) => one.state === "failed").length;
  if (uploads.length === 0) return "Uploads: none";
  return `Uploads: ${done} of ${uploads.length} done${failed ? `, ${failed} failed` : ""}`;
}
