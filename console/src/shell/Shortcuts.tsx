import { Button, Group, Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { ShortcutList } from "../pages/AccountPreferences";

/** The keys that do something, in a dialog. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const off = () => {
    onClose();
    navigate({ to: "/account", search: { tab: "preferences" } });
  };
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts">
      <ShortcutList />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={off}>
          Turn them off…
        </Button>
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </Modal>
  );
}
