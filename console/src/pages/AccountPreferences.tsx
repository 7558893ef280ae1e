import { type MantineColorScheme, Radio, Stack, Switch, Table, Title, useMantineColorScheme } from "@mantine/core";
import { SHORTCUTS, setShortcuts, useShortcuts } from "../shortcuts";

/** What is kept in this browser: colours, and whether letters do something. */
export function Preferences() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const on = useShortcuts();
  return (
    <div className="sections">
      <section className="panel" aria-labelledby="colours">
        <Title order={2} id="colours">
          Colours
        </Title>
        <Radio.Group
          aria-labelledby="colours"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
        >
          <Stack gap="sm">
            <Radio value="auto" label="As the system" />
            <Radio value="light" label="Light" />
            <Radio value="dark" label="Dark" />
          </Stack>
        </Radio.Group>
      </section>
      <section className="panel" aria-labelledby="shortcuts">
        <Title order={2} id="shortcuts">
          Keyboard shortcuts
        </Title>
        <Switch
          mb="md"
          label="Single letters do something"
          description="Ctrl K and the keys of your browser work either way. This is kept in this browser."
          checked={on}
          onChange={(event) => setShortcuts(event.currentTarget.checked)}
        />
        <ShortcutList />
      </section>
    </div>
  );
}

/** All of them, and what they do. */
export function ShortcutList() {
  return (
    <Table className="shortcuts">
      <Table.Tbody>
        {SHORTCUTS.map(({ keys, does }) => (
          <Table.Tr key={keys.join(" ")}>
            <Table.Th scope="row">
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </Table.Th>
            <Table.Td>{does}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
