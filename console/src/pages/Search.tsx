import "../people.css";
import "../programs.css";
import { Button, NativeSelect, Text, TextInput, Title } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { found, KINDS, type Kind, place } from "../api/search";
import { Failure } from "../parts/Failure";
import { Marked } from "../parts/Marked";
import { Moment } from "../parts/Moment";
import { More } from "../parts/More";
import { Notice } from "../parts/Notice";
import { Tag } from "../parts/Tag";
import { Waiting } from "../parts/Waiting";

const route = getRouteApi("/search");

/** Everything in which something is found. */
export function Search() {
  const { q = "", kind } = route.useSearch();
  const navigate = route.useNavigate();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("q")).trim();
    navigate({ search: (now) => ({ ...now, q: typed || undefined }) });
  };
  return (
    <>
      <title>{q ? `${q} · Search · Courtyard` : "Search · Courtyard"}</title>
      <div className="head">
        <Title order={1}>Search</Title>
      </div>
      <form className="filters" onSubmit={submit} aria-label="Search">
        <TextInput
          key={q}
          type="search"
          className="grow"
          name="q"
          aria-label="Search for"
          placeholder="Words, “phrases”, -without"
          defaultValue={q}
          leftSection={<IconSearch size={17} aria-hidden />}
        />
        <Button type="submit">Search</Button>
        <NativeSelect
          aria-label="Kind"
          data={[
            { value: "", label: "Everything" },
            ...Object.entries(KINDS).map(([value, label]) => ({ value, label: `${label}s` })),
          ]}
          value={kind ?? ""}
          onChange={({ currentTarget }) => {
            const chosen = (currentTarget.value || undefined) as Kind | undefined;
            navigate({ search: (now) => ({ ...now, kind: chosen }) });
          }}
        />
      </form>
      {q ? <Found q={q} kind={kind} /> : <Text c="dimmed">Looks in names, texts, threads and what files say.</Text>}
    </>
  );
}

function Found({ q, kind }: { q: string; kind?: Kind }) {
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(found(q, kind));
  if (query.isPending) return <Waiting what="what is found" />;
  if (query.isError) return <Failure error={query.error} />;
  const hits = query.data.pages.flatMap((page) => page.data);
  if (hits.length === 0)
    return (
      <Notice title="Nothing is found">
        <Text>All words have to be there. Fewer of them find more; the last may be unfinished.</Text>
        {kind && (
          <Button variant="default" onClick={() => navigate({ search: { q } })}>
            Look for everything
          </Button>
        )}
      </Notice>
    );
  return (
    <>
      <ul className="talks">
        {hits.map((hit) => (
          <li key={hit.kind + hit.id} className="card talk">
            <div className="top">
              <Title order={2} size="h3">
                <Link to={place(hit) as "/"} className="whole">
                  <Marked pieces={hit.highlights.name} />
                </Link>
              </Title>
              <Tag>{KINDS[hit.kind]}</Tag>
            </div>
            {hit.highlights.text.length > 0 && (
              <Text size="sm">
                <Marked pieces={hit.highlights.text} />
              </Text>
            )}
            <div className="facts">
              {hit.kind !== "space" && <span>{hit.space_name}</span>}
              <Moment at={hit.updated_at} />
            </div>
          </li>
        ))}
      </ul>
      <More shown={hits.length} what="found" query={query} />
    </>
  );
}
