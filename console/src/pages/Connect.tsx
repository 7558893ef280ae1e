import "../people.css";
import { Alert, Group, NativeSelect, SegmentedControl, Table, Tabs, Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, space as asked, me, type Space, told } from "../api";
import { installation } from "../api/people";
import { Commands } from "../parts/Commands";
import { Copy } from "../parts/Copy";
import { Failure } from "../parts/Failure";
import { Waiting } from "../parts/Waiting";
import { addresses, type Language, type Snippet, snippets } from "../snippets";

const route = getRouteApi("/spaces/$spaceId/connect");
const keys = { queryKey: ["keys"], queryFn: () => told(api.GET("/v1/keys", { params: { query: { limit: 100 } } })) };

/** How programs reach this space. */
export function Connect() {
  const { spaceId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const query = useQuery(installation());
  if (query.isPending) return <Waiting what="what programs need" />;
  if (query.isError) return <Failure error={query.error} />;
  return (
    <div className="sections broad">
      <Names space={space} />
      <Key space={space} />
      <Snippets space={space} httpsPort={query.data.https_port} />
    </div>
  );
}

function Names({ space }: { space: Space }) {
  const names = [
    { api: "v1", word: "id", value: space.id },
    { api: "Spaces API", word: "id (its number)", value: String(space.number) },
    { api: "Platform v2", word: "token", value: space.token },
    { api: "Platform v2", word: "slug", value: space.slug },
    { api: "Platform v2", word: "Org-Handle", value: space.organization.handle },
    { api: "Workspaces", word: "id", value: space.id },
  ];
  return (
    <section aria-labelledby="names">
      <Title order={2} id="names" className="caption">
        What this space is called
      </Title>
      <Table className="rows" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>API</Table.Th>
            <Table.Th>Name</Table.Th>
            <Table.Th>Value</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map(({ api: of, word, value }) => (
            <Table.Tr key={of + word}>
              <Table.Th scope="row" className="name">
                {of}
              </Table.Th>
              <Table.Td data-label="Name">{word}</Table.Td>
              <Table.Td data-label="Value" className="wraps">
                <Copy text={value} what={`${word} of ${of}`} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" mt="xs">
        None of them is a secret. It is one space under all of these names: what is added by one API is there in the
        others.
      </Text>
    </section>
  );
}

/** The secret of a key is shown only when it is made; so the commands take it from a variable. */
function Key({ space }: { space: Space }) {
  const { data, error } = useQuery(keys);
  const [chosen, setChosen] = useState("");
  const found = data?.data ?? [];
  const key = found.find((one) => one.id === chosen) ?? found[0];
  const reaches = !key?.spaces || key.spaces.includes(space.id);
  const set = "export COURTYARD_API_KEY='…'";
  return (
    <section className="panel" aria-labelledby="key">
      <Title order={2} id="key">
        Your key
      </Title>
      {error && <Text c="dimmed">Your keys cannot be listed: {error.message}</Text>}
      {found.length > 0 && key && (
        <NativeSelect
          label="Which key you use"
          description={`It may ${key.scopes.join(", ")}. Its secret is known to you alone.`}
          data={found.map((one) => ({ value: one.id, label: `${one.name} (${one.prefix}…${one.last4})` }))}
          value={key.id}
          onChange={(event) => setChosen(event.currentTarget.value)}
          mb="md"
        />
      )}
      {data && found.length === 0 && (
        <Text mb="md">
          You have no key yet. <Link to="/developer/keys">Make one</Link>, and keep what is shown then.
        </Text>
      )}
      {!reaches && (
        <Alert color="yellow" className="hint" mb="md">
          This key is limited to other spaces; it does not reach this one.
        </Alert>
      )}
      <Text mb="xs">The commands below take it from a variable. Set it once in your shell:</Text>
      <div className="snippet">
        <pre>{key ? `# ${key.name}: ${key.prefix}…${key.last4}\n${set}` : set}</pre>
      </div>
    </section>
  );
}

function Snippets({ space, httpsPort }: { space: Space; httpsPort: number | null }) {
  const { data: person } = useSuspenseQuery(me());
  const [preferred, setPreferred] = useState<Language>("curl");
  const { id, number, token, organization } = space;
  const names = { id, number, token, handle: organization.handle, email: person.email ?? person.username };
  const all = snippets(names, addresses(location.origin, httpsPort));
  return (
    <section aria-labelledby="snippets">
      <Title order={2} id="snippets" className="caption">
        Commands to paste
      </Title>
      <Tabs defaultValue={all[0]?.api} keepMounted={false}>
        <Tabs.List aria-label="APIs">
          {all.map(({ api: of, title }) => (
            <Tabs.Tab key={of} value={of}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {all.map((one) => (
          <Tabs.Panel key={one.api} value={one.api} pt="md">
            <Panel of={one} preferred={preferred} onPrefer={setPreferred} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </section>
  );
}

type Shown = { of: Snippet; preferred: Language; onPrefer: (language: Language) => void };

/** The commands of one API in the language that was chosen last, if it has it. */
function Panel({ of: { about, texts, title }, preferred, onPrefer }: Shown) {
  const languages = Object.keys(texts) as Language[];
  const language = languages.includes(preferred) ? preferred : languages[0];
  if (language === undefined) return null;
  return (
    <>
      <Group justify="space-between" mb="xs">
        <Text size="sm" c="dimmed">
          {about}
        </Text>
        {languages.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Language"
            data={languages}
            value={language}
            onChange={(value) => onPrefer(value as Language)}
          />
        )}
      </Group>
      <Commands text={texts[language] ?? ""} title={`the commands for ${title}`} />
    </>
  );
}
