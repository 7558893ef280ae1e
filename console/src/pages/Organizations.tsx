import "../people.css";
import { Button, Group, Modal, Skeleton, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, Problem, queryClient, told } from "../api";
import { organizationsPaged } from "../api/people";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Refusal } from "../parts/Refusal";
import { Tag } from "../parts/Tag";
import { label } from "../roles";
import { uuid } from "../words";

/** The organizations that one belongs to. */
export function Organizations() {
  const [creating, { open, close }] = useDisclosure(false);
  return (
    <>
      <title>Organizations · Courtyard</title>
      <div className="head">
        <Title order={1}>Organizations</Title>
        <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open} data-key="n">
          New organization
        </Button>
      </div>
      <Text c="dimmed" mb="lg" maw="46rem">
        An organization owns spaces, and its admins manage all of them. Everybody has a personal one from the start.
      </Text>
      <List />
      {creating && <NewOrganization onClose={close} />}
    </>
  );
}

function List() {
  const query = useInfiniteQuery(organizationsPaged());
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  return (
    <>
      <Table className="rows" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Handle</Table.Th>
            <Table.Th>You are</Table.Th>
            <Table.Th>Since</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Th scope="row" className="name">
                <Link to="/orgs/$handle" params={{ handle: one.handle }}>
                  {one.name}
                </Link>{" "}
                {one.personal && <Tag>personal</Tag>}
              </Table.Th>
              <Table.Td data-label="Handle">
                <code>{one.handle}</code>
              </Table.Td>
              <Table.Td data-label="You are">{label(one.role ?? "visitor")}</Table.Td>
              <Table.Td data-label="Since">
                <Moment at={one.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "organization" : "organizations"} query={query} />
    </>
  );
}

function NewOrganization({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [key] = useState(uuid);
  const create = useMutation({
    mutationFn: (form: FormData) =>
      told(
        api.POST("/v1/organizations", {
          headers: { "Idempotency-Key": key },
          body: { name: String(form.get("name")), handle: String(form.get("handle")).trim() || null },
        }),
      ),
    onSuccess: (made) => {
      queryClient.invalidateQueries({ queryKey: ["organizations"] });
      navigate({ to: "/orgs/$handle", params: { handle: made.handle } });
    },
  });
  const fields: Record<string, string> = create.error instanceof Problem ? create.error.fields : {};
  const taken = create.error instanceof Problem && create.error.status === 409 ? create.error.message : undefined;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal opened onClose={onClose} title="New organization">
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={taken ? null : create.error} fields={["name", "handle"]} />
          <TextInput name="name" label="Name" required maxLength={255} error={fields.name} data-autofocus />
          <TextInput
            name="handle"
            label="Handle"
            description="In addresses and API calls: a–z, 0–9, dot, dash, underscore. Made from the name if you leave it empty."
            maxLength={63}
            autoCapitalize="none"
            error={taken ?? fields.handle}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create the organization
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the organizations">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
