import "../people.css";
import { Button, Group, Skeleton, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, space as asked, queryClient, told } from "../api";
import { customer as one } from "../api/talk";
import { Copy } from "../parts/Copy";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { Sure } from "../parts/Sure";
import { may } from "../words";
import { EditCustomer } from "./Customers";

const route = getRouteApi("/spaces/$spaceId/customers/$customerId");

/** One customer, with their metadata as JSON. */
export function CustomerPage() {
  const { spaceId, customerId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const query = useQuery(one(spaceId, customerId));
  const [open, setOpen] = useState<"edit" | "delete">();
  const navigate = useNavigate();
  if (query.isPending) return <Skeleton height={180} radius="lg" />;
  if (query.isError) return <Failure error={query.error} />;
  const customer = query.data;
  const close = () => setOpen(undefined);
  const remove = async () => {
    await told(
      api.DELETE("/v1/spaces/{space_id}/customers/{customer_id}", {
        params: { path: { space_id: spaceId, customer_id: customerId } },
      }),
    );
    await navigate({ to: "/spaces/$spaceId/customers", params: { spaceId } });
    queryClient.invalidateQueries({ queryKey: ["customers", spaceId] });
  };
  return (
    <>
      <title>{`${customer.name} · ${space.name} · Courtyard`}</title>
      <Link to="/spaces/$spaceId/customers" params={{ spaceId }} className="back">
        <IconArrowLeft size={17} aria-hidden /> All customers
      </Link>
      <div className="head">
        <Title order={2} data-arrive>
          {customer.name}
        </Title>
        {may(space, "editor") && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setOpen("edit")}>
              Edit
            </Button>
            <Button variant="default" onClick={() => setOpen("delete")}>
              Delete…
            </Button>
          </Group>
        )}
      </div>
      <section className="panel">
        <dl className="facts-of">
          <dt>Id</dt>
          <dd>
            <Copy text={customer.id} what="id" />
          </dd>
          <dt>E-mail</dt>
          <dd>{customer.email ?? "–"}</dd>
          <dt>Added</dt>
          <dd>
            <Moment at={customer.created_at} />
          </dd>
          <dt>Changed</dt>
          <dd>
            <Moment at={customer.updated_at} />
          </dd>
          <dt>Metadata</dt>
          <dd>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
            <pre className="json" tabIndex={0}>
              {JSON.stringify(customer.metadata, null, 2)}
            </pre>
          </dd>
        </dl>
      </section>
      {open === "edit" && <EditCustomer space={space} customer={customer} onClose={close} />}
      {open === "delete" && (
        <Sure title={`Delete ${customer.name}?`} action="Delete" run={remove} onClose={close}>
          <Text>Programs that know this customer by its id find it no more. There is no way back.</Text>
        </Sure>
      )}
    </>
  );
}
