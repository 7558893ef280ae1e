import "../people.css";
import "../programs.css";
import { Button, Menu, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconChevronDown, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, queryClient, told } from "../api";
import { type Application, applications, type Consent, consents } from "../api/programs";
import { Copy } from "../parts/Copy";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";
import { EditApplication, RenewSecret } from "./EditApplication";

/** Programs that ask people for access, and those that one has let in. */
export function Applications() {
  const [creating, { open, close }] = useDisclosure(false);
  return (
    <>
      <title>Applications · Courtyard</title>
      <div className="head">
        <Title order={1}>Applications</Title>
        <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open} data-key="n">
          New application
        </Button>
      </div>
      <Text c="dimmed" mb="lg" maw="46rem">
        An application asks other people whether it may act for them, by OAuth 2 and OpenID Connect. For your own
        programs a key is simpler.
      </Text>
      <div className="sections broad">
        <List onNew={open} />
        <section aria-labelledby="consents">
          <Title order={2} id="consents" className="caption">
            Applications that you let in
          </Title>
          <Consents />
        </section>
      </div>
      {creating && <EditApplication onClose={close} />}
    </>
  );
}

function List({ onNew }: { onNew: () => void }) {
  const query = useInfiniteQuery(applications());
  const [editing, setEditing] = useState<Application>();
  const [renewing, setRenewing] = useState<Application>();
  const [ending, setEnding] = useState<Application>();
  if (query.isPending) return <Waiting what="your applications" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="You have no applications">
        <Text>Register one to let people sign in to it with Courtyard.</Text>
        <Button onClick={onNew}>Register an application</Button>
      </Notice>
    );
  const remove = async (application: Application) => {
    const path = { application_id: application.id };
    await told(api.DELETE("/v1/applications/{application_id}", { params: { path } }));
    queryClient.invalidateQueries({ queryKey: ["applications"] });
    notifications.show({ title: "Deleted", message: `${application.name} is gone.`, autoClose: 6_000 });
  };
  return (
    <section aria-label="Your applications">
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Client id</Table.Th>
            <Table.Th>May ask for</Table.Th>
            <Table.Th>Secret</Table.Th>
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
                {one.redirect_uris.map((uri) => (
                  <div key={uri} className="detail">
                    {uri}
                  </div>
                ))}
              </Table.Th>
              <Table.Td data-label="Client id" className="wraps">
                <Copy text={one.client_id} what={`client id of ${one.name}`} />
              </Table.Td>
              <Table.Td data-label="May ask for" className="wraps">
                {one.scopes.join(", ")}
              </Table.Td>
              <Table.Td data-label="Secret">
                {one.public ? <Tag>public</Tag> : <span className="fingerprint">…{one.secret_last4}</span>}
              </Table.Td>
              <Table.Td className="does wide">
                <Menu>
                  <Menu.Target>
                    <Button variant="subtle" size="compact-md" rightSection={<IconChevronDown size={15} aria-hidden />}>
                      Change<span className="unseen"> {one.name}</span>
                    </Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => setEditing(one)}>Edit…</Menu.Item>
                    {!one.public && <Menu.Item onClick={() => setRenewing(one)}>New secret…</Menu.Item>}
                    <Menu.Item className="danger" onClick={() => setEnding(one)}>
                      Delete…
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "application" : "applications"} query={query} />
      {editing && <EditApplication of={editing} onClose={() => setEditing(undefined)} />}
      {renewing && <RenewSecret of={renewing} onClose={() => setRenewing(undefined)} />}
      {ending && (
        <Sure
          title={`Delete ${ending.name}?`}
          action="Delete for good"
          run={() => remove(ending)}
          onClose={() => setEnding(undefined)}
        >
          <Text>Nobody can sign in to it any more, and every token that it holds ends at once.</Text>
        </Sure>
      )}
    </section>
  );
}

function Consents() {
  const query = useInfiniteQuery(consents());
  const [ending, setEnding] = useState<Consent>();
  if (query.isPending) return <Waiting what="the applications that you let in" rows={2} />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return <Text c="dimmed">None. When you allow an application something, it is listed here.</Text>;
  const withdraw = async (consent: Consent) => {
    await told(api.DELETE("/v1/consents/{consent_id}", { params: { path: { consent_id: consent.id } } }));
    queryClient.invalidateQueries({ queryKey: ["consents"] });
  };
  return (
    <>
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Application</Table.Th>
            <Table.Th>It may</Table.Th>
            <Table.Th>Since</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Th scope="row" className="name">
                {one.application_name}
              </Table.Th>
              <Table.Td data-label="It may" className="wraps">
                {one.scopes.join(", ")}
              </Table.Td>
              <Table.Td data-label="Since">
                <Moment at={one.created_at} />
              </Table.Td>
              <Table.Td className="does wide">
                <Button variant="subtle" color="gray" size="compact-md" onClick={() => setEnding(one)}>
                  Withdraw<span className="unseen"> from {one.application_name}</span>
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "application" : "applications"} query={query} />
      {ending && (
        <Sure
          title={`Withdraw your consent from ${ending.application_name}?`}
          action="Withdraw"
          run={() => withdraw(ending)}
          onClose={() => setEnding(undefined)}
        >
          <Text>It is signed out at once. It may ask you again.</Text>
        </Sure>
      )}
    </>
  );
}
