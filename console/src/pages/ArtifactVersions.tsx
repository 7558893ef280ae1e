import {
  ActionIcon,
  Button,
  FileButton,
  Group,
  Menu,
  Modal,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBookmark, IconDots, IconDownload, IconHistory, IconUpload, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type Artifact, address, api, queryClient, type Space, told } from "../api";
import { place, type Version, versions } from "../api/contents";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Refusal } from "../parts/Refusal";
import { Tag } from "../parts/Tag";
import { complaint } from "../refusals";
import { add } from "../uploads";
import { may, size } from "../words";

const refresh = ({ space_id, id }: Artifact) => {
  for (const name of ["versions", "artifact"]) queryClient.invalidateQueries({ queryKey: [name, space_id, id] });
};

/** What it held and holds: to be looked at, named, and taken up again. */
export function Versions({ space, artifact }: { space: Space; artifact: Artifact }) {
  const query = useInfiniteQuery(versions(artifact));
  const [naming, setNaming] = useState<Version>();
  // Without it the same file could not be chosen a second time.
  const forget = useRef<() => void>(null);
  const writable = may(space, "editor") && artifact.status === "completed";
  if (query.isPending) return <Skeleton height={120} radius="lg" aria-label="Loading the versions" />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  return (
    <>
      {writable && (
        <Group justify="space-between" mb="md">
          <Text size="sm" c="dimmed">
            A new version takes the place of the file; the older ones are kept.
          </Text>
          <FileButton
            resetRef={forget}
            onChange={(file) => {
              if (file) add(space, [file], artifact.id);
              forget.current?.();
            }}
            inputProps={{ "aria-label": "File of the new version" }}
          >
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconUpload size={17} aria-hidden />}>
                Upload a new version
              </Button>
            )}
          </FileButton>
        </Group>
      )}
      <Table className="rows" verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Version</Table.Th>
            <Table.Th>Names</Table.Th>
            <Table.Th className="number">Size</Table.Th>
            <Table.Th>Since</Table.Th>
            <Table.Th>
              <span className="unseen">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((version) => (
            <Row
              key={version.number}
              artifact={artifact}
              version={version}
              writable={writable}
              onName={() => setNaming(version)}
            />
          ))}
        </Table.Tbody>
      </Table>
      <More shown={found.length} what={found.length === 1 ? "version" : "versions"} query={query} />
      {naming && <Naming artifact={artifact} version={naming} onClose={() => setNaming(undefined)} />}
    </>
  );
}

type Shown = { artifact: Artifact; version: Version; writable: boolean; onName: () => void };

function Row({ artifact, version, writable, onName }: Shown) {
  const restore = () =>
    act(
      `Version ${version.number} is the present one again`,
      artifact,
      api.POST("/v1/spaces/{space_id}/artifacts/{artifact_id}/versions/{version}/restore", {
        params: { path: { ...place(artifact).path, version: String(version.number) } },
      }),
    );
  const unname = (alias: string) =>
    act(
      `The name ${alias} is gone`,
      artifact,
      api.DELETE("/v1/spaces/{space_id}/artifacts/{artifact_id}/aliases/{alias}", {
        params: { path: { ...place(artifact).path, alias } },
      }),
    );
  return (
    <Table.Tr>
      <Table.Th scope="row" className="name">
        Version {version.number} {version.current && <Tag tone="good">present</Tag>}
        {version.name !== artifact.name && (
          <Text size="xs" c="dimmed">
            {version.name}
          </Text>
        )}
      </Table.Th>
      <Table.Td>
        <span className="facts">
          {version.aliases.map((alias) => (
            <span key={alias} className="alias">
              <Tag tone="accent">{alias}</Tag>
              {writable && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={24}
                  onClick={() => unname(alias)}
                  aria-label={`Take the name ${alias} away`}
                >
                  <IconX size={14} aria-hidden />
                </ActionIcon>
              )}
            </span>
          ))}
        </span>
      </Table.Td>
      <Table.Td className="number">{size(version.size)}</Table.Td>
      <Table.Td>
        <Moment at={version.created_at} />
      </Table.Td>
      <Table.Td className="does">
        <Menu>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={34} aria-label={`Actions for version ${version.number}`}>
              <IconDots size={19} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              component="a"
              href={address(version.download_url)}
              leftSection={<IconDownload size={17} aria-hidden />}
            >
              Download
            </Menu.Item>
            {writable && !version.current && (
              <Menu.Item leftSection={<IconHistory size={17} aria-hidden />} onClick={restore}>
                Restore
              </Menu.Item>
            )}
            {writable && (
              <Menu.Item leftSection={<IconBookmark size={17} aria-hidden />} onClick={onName}>
                Give a name
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}

async function act(title: string, artifact: Artifact, asking: Parameters<typeof told>[0]): Promise<void> {
  try {
    await told(asking);
    notifications.show({ title, message: artifact.name, autoClose: 5_000 });
    refresh(artifact);
  } catch (error) {
    notifications.show({
      color: "red",
      title: "Nothing was changed",
      message: (error as Error).message,
      autoClose: false,
    });
  }
}

function Naming({ artifact, version, onClose }: { artifact: Artifact; version: Version; onClose: () => void }) {
  const save = useMutation({
    mutationFn: (alias: string) =>
      told(
        api.PUT("/v1/spaces/{space_id}/artifacts/{artifact_id}/aliases/{alias}", {
          params: { path: { ...place(artifact).path, alias } },
          body: { version: version.number },
        }),
      ),
    onSuccess: () => {
      refresh(artifact);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`A name for version ${version.number}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(String(new FormData(event.currentTarget).get("alias")));
        }}
      >
        <Stack>
          <Refusal error={save.error} fields={["alias"]} />
          <TextInput
            name="alias"
            label="Name"
            description="Such as submitted. A version with a name is never thinned out; a name that is in use moves to this version."
            required
            maxLength={64}
            pattern="[a-z][a-z0-9._\-]*"
            error={complaint(save.error, "alias")}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
