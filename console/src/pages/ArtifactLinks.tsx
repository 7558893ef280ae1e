import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  NativeSelect,
  NumberInput,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { IconLink } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Artifact, api, Problem, queryClient, told } from "../api";
import { type Link, links, place } from "../api/contents";
import { Copy } from "../parts/Copy";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";

const DAY = 86_400_000;
const UNTIL = [
  { value: "7", label: "For a week" },
  { value: "1", label: "For a day" },
  { value: "30", label: "For 30 days" },
  { value: "", label: "Until it is revoked" },
];
const refresh = ({ space_id, id }: Artifact) => queryClient.invalidateQueries({ queryKey: ["links", space_id, id] });

async function revoke(artifact: Artifact, link: Link): Promise<void> {
  const params = { path: { ...place(artifact).path, link_id: link.id } };
  await told(api.DELETE("/v1/spaces/{space_id}/artifacts/{artifact_id}/links/{link_id}", { params }));
  refresh(artifact);
}

/** The addresses under which people without an account see it. */
export function Links({ artifact }: { artifact: Artifact }) {
  const query = useInfiniteQuery(links(artifact));
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Link>();
  if (query.isPending) return <Skeleton height={120} radius="lg" aria-label="Loading the links" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed">
          Whoever has a public link sees this artifact without an account, and nothing else of the space.
        </Text>
        <Button variant="default" leftSection={<IconLink size={17} aria-hidden />} onClick={() => setMaking(true)}>
          Make a link
        </Button>
      </Group>
      {found.length > 0 && (
        <>
          <Table className="rows" verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Link</Table.Th>
                <Table.Th>Holds</Table.Th>
                <Table.Th className="number">Views</Table.Th>
                <Table.Th className="number">Downloads</Table.Th>
                <Table.Th>Made</Table.Th>
                <Table.Th>
                  <span className="unseen">Actions</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map((link) => (
                <Row key={link.id} link={link} onEnd={() => setEnding(link)} />
              ))}
            </Table.Tbody>
          </Table>
          <More shown={found.length} what={found.length === 1 ? "link" : "links"} query={query} />
        </>
      )}
      {making && <Making artifact={artifact} onClose={() => setMaking(false)} />}
      {ending && (
        <Sure
          title="Revoke the link?"
          action="Revoke"
          run={() => revoke(artifact, ending)}
          onClose={() => setEnding(undefined)}
        >
          It stops at once for everybody who has it, and cannot be taken up again.
        </Sure>
      )}
    </>
  );
}

function Row({ link, onEnd }: { link: Link; onEnd: () => void }) {
  const name = link.name || `Link …${link.last4}`;
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        {name}
        <span className="facts">
          {!link.active && <Tag tone="alarm">over</Tag>}
          {link.protected && <Tag>password</Tag>}
          {link.preview_only && <Tag>preview only</Tag>}
        </span>
      </Table.Th>
      <Table.Td>{link.expires_at ? <Moment at={link.expires_at} /> : "Until it is revoked"}</Table.Td>
      <Table.Td className="number">{link.views} views</Table.Td>
      <Table.Td className="number">
        {link.downloads}
        {link.max_downloads !== null && ` of ${link.max_downloads}`} downloads
      </Table.Td>
      <Table.Td>
        <Moment at={link.created_at} />
      </Table.Td>
      <Table.Td className="does">
        <Button size="compact-sm" variant="outline" className="danger" onClick={onEnd} aria-label={`Revoke ${name}`}>
          Revoke
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function Making({ artifact, onClose }: { artifact: Artifact; onClose: () => void }) {
  const make = useMutation({
    mutationFn: (form: FormData) => {
      const days = Number(form.get("days"));
      const most = Number(form.get("most"));
      return told(
        api.POST("/v1/spaces/{space_id}/artifacts/{artifact_id}/links", {
          params: place(artifact),
          body: {
            name: String(form.get("name")),
            password: String(form.get("password")) || null,
            expires_at: days ? new Date(Date.now() + days * DAY).toISOString() : null,
            max_downloads: most || null,
            preview_only: form.get("preview") !== null,
          },
        }),
      );
    },
    onSuccess: () => refresh(artifact),
  });
  if (make.data) return <Made url={make.data.url} onClose={onClose} />;
  const fields = make.error instanceof Problem ? make.error.fields : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    make.mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal opened onClose={onClose} title="A public link">
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={make.error} fields={["name", "expires_at", "password", "max_downloads"]} />
          <TextInput
            name="name"
            label="Name"
            description="For you, to tell it from others"
            maxLength={100}
            error={fields.name}
            data-autofocus
          />
          <NativeSelect name="days" label="How long it holds" data={UNTIL} error={fields.expires_at} />
          <TextInput
            name="password"
            label="Password"
            description="Optional; at least 8 characters"
            type="password"
            autoComplete="new-password"
            error={fields.password}
          />
          <NumberInput
            name="most"
            label="Downloads at most"
            description="Optional"
            min={1}
            allowDecimal={false}
            error={fields.max_downloads}
          />
          <Checkbox name="preview" label="The preview alone, no download" />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Made({ url, onClose }: { url: string; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Copy the link now">
      <Stack>
        <Alert>It is shown this once. Whoever has it can open it; lost, it is revoked and another one made.</Alert>
        <Copy text={new URL(url, location.origin).href} what="link" />
        <Group justify="flex-end">
          <Button onClick={onClose} data-autofocus>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
