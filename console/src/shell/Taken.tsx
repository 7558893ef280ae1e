import { Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { type Answer, answer, type Upload, useUploads } from "../uploads";

/** Asks what to do with a file whose name something in the space has already. */
export function Taken({ upload }: { upload: Upload }) {
  const [all, setAll] = useState(false);
  const others = useUploads().filter((one) => !one.settled && one.state !== "done").length - 1;
  const say = (said: Answer) => answer(upload.key, said, all);
  return (
    <Modal opened onClose={() => say("skip")} title="This name is taken">
      <Stack>
        <Text className="long">
          {upload.space.name} has an artifact called <strong>{upload.name}</strong> already.
        </Text>
        <Text size="sm" c="dimmed">
          Replacing makes a new version of it: what is there now is kept among its versions.
        </Text>
        {others > 0 && (
          <Checkbox
            label={`Do the same with the others, if it comes to that (${others})`}
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => say("skip")}>
            Skip
          </Button>
          <Button variant="default" onClick={() => say("both")}>
            Keep both
          </Button>
          <Button onClick={() => say("replace")} data-autofocus>
            Replace
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
