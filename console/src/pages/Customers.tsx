import "../people.css";
import { Button, Group, Modal, Skeleton, Stack, Table, Text, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, space as asked, Problem, queryClient, type Space, told } from "../api";
import { type Customer, customers, customer as one } from "../api/talk";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Refusal } from "../parts/Refusal";
import { may, uuid } from "../words";

const route = getRouteApi("/spaces/$spaceId/customers");

/** Whom the space serves. */
export function Customers() {
  const { spaceId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const [adding, { open, close }] = useDisclosure(false);
  if (space.role === null)
    return (
      <Notice title="Customers are for members">
        <Text>Everybody may see the files of a public space; whom it serves stays inside.</Text>
      </Notice>
    );
  return (
    <>
      <div className="filters end">
        {may(space, "editor") ? (
          <Button leftSection={<IconUserPlus size={17} aria-hidden />} onClick={open}>
            Add a customer
          </Button>
        ) : (
          <Text size="sm" c="dimmed">
            Editors of this space can add customers.
          </Text>
        )}
      </div>
      <List space={space} onNew={open} />
      {adding && <EditCustomer space={space} onClose={close} />}
    </>
  );
}

function List({ space, onNew }: { space: Space; onNew: () => void }) {
  const query = useInfiniteQuery(customers(space.id));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="There are no customers yet">
        <Text>Customers are those whom this space serves. The Spaces API adds them too.</Text>
        {may(space, "editor") && <Button onClick={onNew}>Add a customer</Button>}
      </Notice>
    );
  return (
    <>
      <Table className="rows" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>E-mail</Table.Th>
            <Table.Th>Metadata</Table.Th>
            <Table.Th>Added</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((customer) => (
            <Table.Tr key={customer.id}>
              <Table.Th scope="row" className="name">
                <Link
                  to="/spaces/$spaceId/customers/$customerId"
                  params={{ spaceId: space.id, customerId: customer.id }}
                >
                  {customer.name}
                </Link>
              </Table.Th>
              <Table.Td data-label="E-mail">{customer.email ?? "–"}</Table.Td>
              <Table.Td data-label="Metadata">{summary(customer)}</Table.Td>
              <Table.Td data-label="Added">
                <Moment at={customer.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "customer" : "customers"} query={query} />
    </>
  );
}

function summary(customer: Customer): string {
  const names = Object.keys(customer.metadata);
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ") || "–";
}

/** The dialog that adds a customer, or changes the one that is given. */
export function EditCustomer({ space, customer, onClose }: { space: Space; customer?: Customer; onClose: () => void }) {
  const [key] = useState(uuid);
  const [wrong, setWrong] = useState("");
  const params = { path: { space_id: space.id } };
  const save = useMutation({
    mutationFn: (body: { name: string; email: string | null; metadata: Record<string, unknown> }) =>
      customer
        ? told(
            api.PATCH("/v1/spaces/{space_id}/customers/{customer_id}", {
              params: { path: { space_id: space.id, customer_id: customer.id } },
              body: { ...body, metadata: patched(customer.metadata, body.metadata) },
            }),
          )
        : told(api.POST("/v1/spaces/{space_id}/customers", { params, headers: { "Idempotency-Key": key }, body })),
    onSuccess: (saved) => {
      queryClient.setQueryData(one(space.id, saved.id).queryKey, saved);
      queryClient.invalidateQueries({ queryKey: ["customers", space.id] });
      onClose();
    },
  });
  const fields: Record<string, string> = save.error instanceof Problem ? save.error.fields : {};
  const taken = save.error instanceof Problem && save.error.status === 409 ? save.error.message : undefined;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const metadata = parsed(String(form.get("metadata")));
    setWrong(metadata === undefined ? 'This is no JSON object, such as {"since": 2026}.' : "");
    if (metadata === undefined) return;
    save.mutate({ name: String(form.get("name")), email: String(form.get("email")).trim() || null, metadata });
  };
  return (
    <Modal opened onClose={onClose} title={customer ? `Change ${customer.name}` : "Add a customer"}>
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={taken ? null : save.error} fields={["name", "email", "metadata"]} />
          <TextInput
            name="name"
            label="Name"
            required
            maxLength={255}
            defaultValue={customer?.name}
            error={fields.name}
            data-autofocus
          />
          <TextInput
            name="email"
            type="email"
            label="E-mail"
            description="Each address once in a space"
            defaultValue={customer?.email ?? ""}
            error={taken ?? fields.email}
          />
          <Textarea
            name="metadata"
            label="Metadata"
            description="A JSON object with whatever your programs need"
            className="code"
            rows={5}
            defaultValue={JSON.stringify(customer?.metadata ?? {}, null, 2)}
            error={wrong || fields.metadata}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              {customer ? "Save" : "Add"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** As a merge patch: what is not there any more is cleared. */
function patched(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> {
  const gone = Object.keys(before).filter((name) => !(name in after));
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...after };
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the customers">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={46} />
      ))}
    </div>
  );
}
