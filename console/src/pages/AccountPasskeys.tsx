import { Button, Group, Modal, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, Problem, queryClient, told } from "../api";
import { type Passkey, passkeys } from "../api/account";
import { agent } from "../deeds";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { Waiting } from "../parts/Waiting";
import { canPasskeys, declined, make } from "../passkeys";
import { complaint } from "../refusals";
import { Kept } from "./SecondFactor";

const renew = () => queryClient.invalidateQueries({ queryKey: ["passkeys"] });

/** The passkeys of the account: added by the browser, renamed, removed. */
export function Passkeys({ onChange }: { onChange: () => void }) {
  const query = useQuery(passkeys());
  const [adding, setAdding] = useState(false);
  const [naming, setNaming] = useState<Passkey>();
  const [ending, setEnding] = useState<Passkey>();
  const found = query.data?.data ?? [];
  const changed = () => {
    renew();
    onChange();
  };
  const remove = async (passkey: Passkey) => {
    const path = { passkey_id: passkey.id };
    await told(api.DELETE("/v1/me/passkeys/{passkey_id}", { params: { path }, body: {} }));
    changed();
  };
  return (
    <section className="panel" aria-labelledby="passkeys">
      <Title order={2} id="passkeys">
        Passkeys
      </Title>
      <Text mb="md">
        A passkey opens your account by the lock of a device, without a password, and cannot be given to a false page.
      </Text>
      {query.isPending && <Waiting what="your passkeys" rows={1} />}
      {query.isError && <Failure error={query.error} />}
      {found.length > 0 && (
        <Table className="rows" verticalSpacing="sm" mb="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Added</Table.Th>
              <Table.Th>Last used</Table.Th>
              <Table.Th>
                <span className="unseen">Actions</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Th scope="row" className="name">
                  {one.name}
                </Table.Th>
                <Table.Td data-label="Added">
                  <Moment at={one.created_at} />
                </Table.Td>
                <Table.Td data-label="Last used">
                  {one.last_used_at ? <Moment at={one.last_used_at} /> : "never"}
                </Table.Td>
                <Table.Td className="does wide">
                  <Button variant="subtle" size="compact-md" onClick={() => setNaming(one)}>
                    Rename<span className="unseen"> {one.name}</span>
                  </Button>
                  <Button variant="subtle" color="gray" size="compact-md" onClick={() => setEnding(one)}>
                    Remove<span className="unseen"> {one.name}</span>
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {canPasskeys() ? (
        <Button variant="default" onClick={() => setAdding(true)}>
          Add a passkey…
        </Button>
      ) : (
        <Text c="dimmed">Browsers make passkeys over HTTPS, or on this very machine, only.</Text>
      )}
      {adding && <Add onDone={changed} onClose={() => setAdding(false)} />}
      {naming && <Rename of={naming} onClose={() => setNaming(undefined)} />}
      {ending && (
        <Sure
          title={`Remove ${ending.name}?`}
          action="Remove"
          run={() => remove(ending)}
          onClose={() => setEnding(undefined)}
        >
          <Text>It does not open your account any more. The device may go on offering it.</Text>
        </Sure>
      )}
    </section>
  );
}

function Add({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const add = useMutation({
    mutationFn: async (name: string) => {
      const { challenge_id, options } = await told(api.POST("/v1/me/passkeys/options", { body: {} }));
      const answer = await make(options);
      return told(api.POST("/v1/me/passkeys", { body: { challenge_id, answer, name } }));
    },
    onSuccess: ({ recovery_codes }) => {
      onDone();
      if (recovery_codes.length === 0) onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    add.mutate(String(new FormData(event.currentTarget).get("name")));
  };
  const wrong = add.error && !(add.error instanceof Problem) ? declined(add.error) : undefined;
  return (
    <Modal opened onClose={onClose} size="lg" title="Add a passkey" closeOnClickOutside={!add.data}>
      {add.data ? (
        <Kept codes={add.data.recovery_codes} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
            {wrong ? (
              <Text c="var(--cy-alarm)" role="alert">
                {wrong}
              </Text>
            ) : (
              <Refusal error={add.error} fields={["name"]} />
            )}
            <TextInput
              name="name"
              label="Name"
              description="Where it is, so that you know it among others. Your browser asks for the rest."
              required
              maxLength={100}
              defaultValue={agent(navigator.userAgent)}
              error={complaint(add.error, "name")}
              data-autofocus
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={add.isPending}>
                Go on
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Rename({ of, onClose }: { of: Passkey; onClose: () => void }) {
  const rename = useMutation({
    mutationFn: (name: string) =>
      told(api.PATCH("/v1/me/passkeys/{passkey_id}", { params: { path: { passkey_id: of.id } }, body: { name } })),
    onSuccess: () => {
      renew();
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    rename.mutate(String(new FormData(event.currentTarget).get("name")));
  };
  return (
    <Modal opened onClose={onClose} title={`Rename ${of.name}`}>
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={rename.error} fields={["name"]} />
          <TextInput
            name="name"
            label="Name"
            required
            maxLength={100}
            defaultValue={of.name}
            error={complaint(rename.error, "name")}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={rename.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
