import { Button, Code, Group, Modal, Stack, TagsInput, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Artifact, api, queryClient, type Space, told } from "../api";
import { artifact as asked, place, properties } from "../api/contents";
import { Copy } from "../parts/Copy";
import { Moment } from "../parts/Moment";
import { Refusal } from "../parts/Refusal";
import { Tag } from "../parts/Tag";
import { complaint } from "../refusals";
import { exactly, size } from "../words";

/** What is known of an artifact. */
export function Facts({ space, artifact }: { space: Space; artifact: Artifact }) {
  const { data: seen } = useQuery({ ...properties(artifact), enabled: artifact.status === "completed" });
  const ready = artifact.status === "completed";
  return (
    <aside className="panel about" aria-label="Facts">
      <dl>
        <Fact name="Type">{artifact.type}</Fact>
        <Fact name="Format">{artifact.content_type}</Fact>
        {ready && <Fact name="Size">{bytes(artifact.size)}</Fact>}
        {seen?.pages != null && <Fact name="Pages">{seen.pages}</Fact>}
        {seen?.width != null && seen.height != null && (
          <Fact name={seen.pages == null ? "Pixels" : "Page"}>{measured(seen.width, seen.height, seen.pages)}</Fact>
        )}
        <Fact name="Added">
          <Moment at={artifact.created_at} />
        </Fact>
        {artifact.updated_at !== artifact.created_at && (
          <Fact name="Changed">
            <Moment at={artifact.updated_at} />
          </Fact>
        )}
        {artifact.tags.length > 0 && (
          <Fact name="Tags">
            <span className="facts">
              {artifact.tags.map((tag) => (
                <Tag key={tag}>{tag}</Tag>
              ))}
            </span>
          </Fact>
        )}
        {artifact.thread_ids.length > 0 && (
          <Fact name="Threads">
            <span className="threads">
              {artifact.thread_ids.map((id) => (
                <Thread key={id} spaceId={space.id} id={id} />
              ))}
            </span>
          </Fact>
        )}
        {ready && artifact.checksum && (
          <Fact name="Checksum">
            <Copy text={artifact.checksum} what="checksum" />
          </Fact>
        )}
        <Fact name="Id">
          <Copy text={artifact.id} what="id" />
        </Fact>
      </dl>
      {Object.keys(artifact.metadata).length > 0 && (
        <details>
          <summary>Metadata</summary>
          <Code block>{JSON.stringify(artifact.metadata, null, 2)}</Code>
        </details>
      )}
      <Text size="xs" c="dimmed" mt="md">
        Last change {exactly(artifact.updated_at)}
      </Text>
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Pixels of a picture; of a page points, which are told in millimetres. */
const measured = (width: number, height: number, pages: number | null) =>
  pages == null ? `${width} × ${height}` : `${Math.round(width / 2.8346)} × ${Math.round(height / 2.8346)} mm`;

function Thread({ spaceId, id }: { spaceId: string; id: string }) {
  const { data } = useQuery({
    queryKey: ["thread", spaceId, id],
    queryFn: () =>
      told(
        api.GET("/v1/spaces/{space_id}/threads/{thread_id}", {
          params: { path: { space_id: spaceId, thread_id: id } },
        }),
      ),
  });
  return <span>{data?.title ?? "…"}</span>;
}

/** The dialog that says by which words an artifact is found. */
export function Tagging({ artifact, onClose }: { artifact: Artifact; onClose: () => void }) {
  const [tags, setTags] = useState(artifact.tags);
  const save = useMutation({
    mutationFn: () =>
      told(
        api.PATCH("/v1/spaces/{space_id}/artifacts/{artifact_id}", { params: place(artifact), body: { tags } }),
      ) as Promise<Artifact>,
    onSuccess: (changed) => {
      queryClient.setQueryData(asked(artifact.space_id, artifact.id).queryKey, changed);
      queryClient.invalidateQueries({ queryKey: ["artifacts", artifact.space_id] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Tags">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <Refusal error={save.error} fields={["tags"]} />
          <TagsInput
            label="Tags"
            description="Press Enter after each one"
            value={tags}
            onChange={setTags}
            maxTags={32}
            error={complaint(save.error, "tags")}
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

/** A size in words, and to the byte where these leave something out. */
const bytes = (count: number) => (count < 1000 ? size(count) : `${size(count)} (${count.toLocaleString()} bytes)`);
