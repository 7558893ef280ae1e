import "../people.css";
import { Button, Group, Modal, Skeleton, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconMessagePlus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, space as asked, Problem, queryClient, type Space, told } from "../api";
import { lastMessage, of, speaker, type Thread, threads } from "../api/talk";
import { Failure } from "../parts/Failure";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Refusal } from "../parts/Refusal";
import { Tag } from "../parts/Tag";
import { may, uuid } from "../words";

const route = getRouteApi("/spaces/$spaceId/threads");

/** The talks of a space. */
export function Threads() {
  const { spaceId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const [creating, { open, close }] = useDisclosure(false);
  if (space.role === null)
    return (
      <Notice title="Threads are for members">
        <Text>Everybody may see the files of a public space; what is said about them stays inside.</Text>
      </Notice>
    );
  return (
    <>
      <div className="filters end">
        {may(space, "editor") ? (
          <Button leftSection={<IconMessagePlus size={17} aria-hidden />} onClick={open}>
            New thread
          </Button>
        ) : (
          <Text size="sm" c="dimmed">
            Editors of this space can open threads.
          </Text>
        )}
      </div>
      <List space={space} onNew={open} />
      {creating && <NewThread space={space} onClose={close} />}
    </>
  );
}

function List({ space, onNew }: { space: Space; onNew: () => void }) {
  const query = useInfiniteQuery(threads(space.id));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data);
  if (found.length === 0)
    return (
      <Notice title="Nobody has said anything yet">
        <Text>A thread is a talk about the work in this space.</Text>
        {may(space, "editor") && <Button onClick={onNew}>New thread</Button>}
      </Notice>
    );
  return (
    <>
      <ul className="talks">
        {found.map((thread) => (
          <Row key={thread.id} thread={thread} />
        ))}
      </ul>
      <More shown={found.length} what={found.length === 1 ? "thread" : "threads"} query={query} />
    </>
  );
}

function Row({ thread }: { thread: Thread }) {
  const { data: last } = useQuery(lastMessage(thread));
  return (
    <li className="card talk">
      <div className="top">
        <Title order={3}>
          <Link
            to="/spaces/$spaceId/threads/$threadId"
            params={{ spaceId: thread.space_id, threadId: thread.id }}
            className="whole"
          >
            {thread.title}
          </Link>
        </Title>
        {thread.status === "archived" && <Tag>Archived</Tag>}
      </div>
      <Text size="sm" c="dimmed" lineClamp={2}>
        {last === undefined ? " " : last === null ? "Nothing was said yet." : `${speaker(last)}: ${last.content}`}
      </Text>
      <div className="facts">
        <Moment at={last?.created_at ?? thread.created_at} />
      </div>
    </li>
  );
}

function NewThread({ space, onClose }: { space: Space; onClose: () => void }) {
  const navigate = useNavigate();
  const [key] = useState(uuid);
  const create = useMutation({
    mutationFn: async (form: FormData) => {
      const params = { path: { space_id: space.id } };
      const headers = { "Idempotency-Key": key };
      const title = String(form.get("title"));
      const thread = await told(api.POST("/v1/spaces/{space_id}/threads", { params, headers, body: { title } }));
      const content = String(form.get("content"));
      if (content.trim())
        await told(
          api.POST("/v1/spaces/{space_id}/threads/{thread_id}/messages", {
            params: of(thread),
            headers: { "Idempotency-Key": `${key}-message` },
            body: { content },
          }),
        );
      return thread;
    },
    onSuccess: (thread) => {
      queryClient.invalidateQueries({ queryKey: ["threads", space.id] });
      navigate({ to: "/spaces/$spaceId/threads/$threadId", params: { spaceId: space.id, threadId: thread.id } });
    },
  });
  const fields = create.error instanceof Problem ? create.error.fields : {};
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal opened onClose={onClose} title="New thread">
      <form onSubmit={submit}>
        <Stack>
          <Refusal error={create.error} fields={["title", "content"]} />
          <TextInput
            name="title"
            label="What is it about?"
            required
            maxLength={255}
            error={fields.title}
            data-autofocus
          />
          <Textarea
            name="content"
            label="First message"
            description="In Markdown, if you like. It can wait."
            rows={4}
            error={fields.content}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Open the thread
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the threads">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={104} radius="lg" />
      ))}
    </div>
  );
}
