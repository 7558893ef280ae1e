import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { KEY } from "../snippets";
import { Commands } from "./Commands";
import { Copy } from "./Copy";

/** A secret in the only moment in which it is known; what can be done with it at once. */
export function Secret({ secret, what, env, commands, onClose }: Shown) {
  return (
    <Stack>
      <Alert color="yellow" className="hint">
        Copy the {what} now. It is shown this once, and kept here only as a fingerprint.
      </Alert>
      <div className="secret">
        <Copy text={secret} what={what} />
      </div>
      {env && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            For a file .env
          </Text>
          <Commands text={env} title="the lines for .env" />
        </div>
      )}
      {commands && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            Try it, with the secret in <code>{KEY.slice(1)}</code>
          </Text>
          <Commands text={commands} title="the command" />
        </div>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>I have stored it</Button>
      </Group>
    </Stack>
  );
}

type Shown = { secret: string; what: string; env?: string; commands?: string; onClose: () => void };
