import "../people.css";
import { Avatar, Button, Group, Skeleton, Stack, Text, Textarea, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconArrowLeft } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useRef, useState } from "react";
import { api, space as asked, Problem, queryClient, type Space, told } from "../api";
import { artifactsOf, messages, of, thread as one, speaker, type Thread } from "../api/talk";
import { Failure } from "../parts/Failure";
import { Markdown } from "../parts/Markdown";
import { Moment } from "../parts/Moment";
import { Refusal } from "../parts/Refusal";
import { Sure } from "../parts/Sure";
import { Tag } from "../parts/Tag";
import { may, uuid } from "../words";

const route = getRouteApi("/spaces/$spaceId/threads/$threadId");

/** One talk: what was said, from the oldest down, and a place to say more. */
export function ThreadPage() {
  const { spaceId, threadId } = route.useParams();
  const { data: space } = useSuspenseQuery(asked(spaceId));
  const query = useQuery(one(spaceId, threadId));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  return (
    <article className="thread">
      <title>{`${query.data.title} · ${space.name} · Courtyard`}</title>
      <Link to="/spaces/$spaceId/threads" params={{ spaceId }} className="back">
        <IconArrowLeft size={17} aria-hidden /> All threads
      </Link>
      <Head space={space} thread={query.data} />
      <Linked thread={query.data} />
      <Said thread={query.data} />
      <Saying space={space} thread={query.data} />
    </article>
  );
}

function Head({ space, thread }: { space: Space; thread: Thread }) {
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const archived = thread.status === "archived";
  const change = useMutation({
    mutationFn: () =>
      told(
        api.PATCH("/v1/spaces/{space_id}/threads/{thread_id}", {
          params: of(thread),
          body: { status: archived ? "open" : "archived" },
        }),
      ),
    onSuccess: (changed) => {
      queryClient.setQueryData(one(space.id, thread.id).queryKey, changed);
      queryClient.invalidateQueries({ queryKey: ["threads", space.id] });
    },
    onError: (error) =>
      notifications.show({ color: "red", autoClose: false, title: "Nothing was changed", message: error.message }),
  });
  const remove = async () => {
    await told(api.DELETE("/v1/spaces/{space_id}/threads/{thread_id}", { params: of(thread) }));
    await navigate({ to: "/spaces/$spaceId/threads", params: { spaceId: space.id } });
    queryClient.invalidateQueries({ queryKey: ["threads", space.id] });
  };
  return (
    <div className="head">
      <div className="titled">
        <Title order={2} data-arrive>
          {thread.title}
        </Title>
        {archived && <Tag>Archived</Tag>}
      </div>
      {may(space, "editor") && (
        <Group gap="xs">
          <Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
            {archived ? "Open again" : "Archive"}
          </Button>
          <Button variant="default" onClick={() => setDeleting(true)}>
            Delete…
          </Button>
        </Group>
      )}
      {deleting && (
        <Sure title={`Delete ${thread.title}?`} action="Delete" run={remove} onClose={() => setDeleting(false)}>
          <Text>What was said in it goes with it. Its artifacts stay in the space. There is no way back.</Text>
        </Sure>
      )}
    </div>
  );
}

function Linked({ thread }: { thread: Thread }) {
  const { data } = useQuery(artifactsOf(thread));
  if (!data || data.data.length === 0) return null;
  return (
    <section className="linked" aria-label="Artifacts of this thread">
      <Text size="sm" c="dimmed" component="span">
        Artifacts
      </Text>
      <ul>
        {data.data.map((artifact) => (
          <li key={artifact.id}>
            <Link
              to="/spaces/$spaceId/artifacts/$artifactId"
              params={{ spaceId: thread.space_id, artifactId: artifact.id }}
            >
              {artifact.name}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Said({ thread }: { thread: Thread }) {
  const query = useInfiniteQuery(messages(thread));
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Failure error={query.error} />;
  const found = query.data.pages.flatMap((page) => page.data).reverse();
  return (
    <>
      {query.hasNextPage && (
        <Button
          variant="default"
          className="earlier"
          loading={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Earlier messages
        </Button>
      )}
      {found.length === 0 && <Text c="dimmed">Nothing was said yet.</Text>}
      <ol className="said" aria-label="Messages">
        {found.map((message) => (
          <li key={message.id} data-role={message.role}>
            <Avatar size={34} name={speaker(message)} aria-hidden />
            <div className="bubble">
              <div className="facts">
                <strong>{speaker(message)}</strong>
                <Moment at={message.created_at} />
              </div>
              <Markdown>{message.content}</Markdown>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

function Saying({ space, thread }: { space: Space; thread: Thread }) {
  const [text, setText] = useState("");
  const sent = useRef({ text: "", key: "" });
  const say = useMutation({
    mutationFn: (content: string) => {
      // The same text again is the same message: it may be the answer alone that was lost.
      if (sent.current.text !== content) sent.current = { text: content, key: uuid() };
      return told(
        api.POST("/v1/spaces/{space_id}/threads/{thread_id}/messages", {
          params: of(thread),
          headers: { "Idempotency-Key": sent.current.key },
          body: { content },
        }),
      );
    },
    onSuccess: () => {
      setText("");
      sent.current = { text: "", key: "" };
      return queryClient.invalidateQueries({ queryKey: ["messages", space.id, thread.id] });
    },
    onError: (error) => {
      // A refusal is kept under its key, too: what was refused then may be taken now.
      if (error instanceof Problem && error.status < 500 && error.code !== "idempotency_key_in_flight")
        sent.current = { text: "", key: "" };
    },
  });
  if (!may(space, "editor"))
    return (
      <Text size="sm" c="dimmed">
        You read along as {space.role}. Editors can write here.
      </Text>
    );
  if (thread.status === "archived")
    return (
      <Text size="sm" c="dimmed">
        This thread is archived. Open it again to go on.
      </Text>
    );
  const send = () => text.trim() && !say.isPending && say.mutate(text);
  const byKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  };
  const fields = say.error instanceof Problem ? say.error.fields : {};
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Stack gap="sm">
        <Refusal error={say.error} fields={["content"]} />
        <Textarea
          label="Your message"
          description="Markdown works. Ctrl Enter sends."
          minRows={3}
          autosize
          maxRows={14}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={byKey}
          error={fields.content}
        />
        <Group>
          <Button type="submit" loading={say.isPending}>
            Send
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Waiting() {
  return (
    <div className="stack" role="status" aria-label="Loading the thread">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={70} radius="lg" />
      ))}
    </div>
  );
}
