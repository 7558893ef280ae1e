import { Button, Group, Modal, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Refusal } from "./Refusal";

/** Asks before something that cannot be undone: what it means, the word for it, and what is done then. */
export function Sure({ title, action, children, run, onClose }: Asking) {
  const doing = useMutation({ mutationFn: run, onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Refusal error={doing.error} />
        <div>{children}</div>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red" loading={doing.isPending} onClick={() => doing.mutate()}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

type Asking = {
  title: string;
  action: string;
  children: ReactNode;
  run: () => Promise<unknown>;
  onClose: () => void;
};
