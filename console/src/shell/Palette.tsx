import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, spotlight } from "@mantine/spotlight";
import {
  IconAlertTriangle,
  IconFile,
  IconLayoutGrid,
  IconMessage,
  IconMessages,
  IconSearch,
} from "@tabler/icons-react";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { me, Problem } from "../api";
import { found, KINDS, type Kind, place } from "../api/search";
import { Marked } from "../parts/Marked";
import { early } from "./early";
import { OUTSIDE, placesOf } from "./places";

const ICONS: Record<Kind, typeof IconFile> = {
  space: IconLayoutGrid,
  artifact: IconFile,
  thread: IconMessages,
  message: IconMessage,
};

/** The pages, and whatever is found by what is typed. `asked` counts how often it was opened. */
export function Palette({ asked }: { asked: number }) {
  const navigate = useNavigate();
  const { data: person } = useSuspenseQuery(me());
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const { data, error, isFetching, refetch } = useInfiniteQuery(found(q, undefined, 8));
  useEffect(() => {
    if (asked) spotlight.open();
  }, [asked]);
  const hits = q && data ? (data.pages[0]?.data ?? []) : [];
  const failed = q !== "" && error !== null && !isFetching;
  const named = (label: string) => label.toLowerCase().includes(typed.trim().toLowerCase());
  const pages = placesOf(person).filter(({ label }) => named(label));
  const outside = OUTSIDE.filter(({ label }) => named(label));
  return (
    <Spotlight.Root query={typed} onQueryChange={setTyped} shortcut={null} attributes={NAME} returnFocus={false}>
      <Spotlight.Search
        leftSection={<IconSearch size={19} aria-hidden />}
        placeholder="Search everything, or jump to a page"
        aria-label="Search everything, or jump to a page"
        onFocus={() => setTyped((now) => now + early())}
      />
      <Spotlight.ActionsList>
        {pages.map(({ label, to, icon: Icon }) => (
          <Spotlight.Action
            key={to}
            label={label}
            leftSection={<Icon size={20} aria-hidden />}
            onClick={() => navigate({ to })}
          />
        ))}
        {outside.map(({ label, href, icon: Icon }) => (
          <Spotlight.Action
            key={href}
            label={label}
            leftSection={<Icon size={20} aria-hidden />}
            onClick={() => location.assign(href)}
          />
        ))}
        {hits.map((hit) => {
          const Icon = ICONS[hit.kind];
          return (
            <Spotlight.Action
              key={hit.kind + hit.id}
              onClick={() => navigate({ to: place(hit) as "/" })}
              className="hit"
            >
              <Icon size={20} aria-hidden />
              <span>
                <Marked pieces={hit.highlights.name} />
                {hit.kind === "message" && (
                  <span className="excerpt">
                    <Marked pieces={hit.highlights.text} />
                  </span>
                )}
                <small>
                  {KINDS[hit.kind]} · {hit.space_name}
                </small>
              </span>
            </Spotlight.Action>
          );
        })}
        {failed && (
          <Spotlight.Action
            label="The search did not work. Try again"
            description={error instanceof Problem ? error.message : "Courtyard cannot be reached."}
            leftSection={<IconAlertTriangle size={20} aria-hidden />}
            closeSpotlightOnTrigger={false}
            onClick={() => refetch()}
          />
        )}
        {q !== "" && (
          <Spotlight.Action
            label={`All that is found for “${q}”`}
            leftSection={<IconSearch size={20} aria-hidden />}
            onClick={() => navigate({ to: "/search", search: { q } })}
          />
        )}
        {pages.length + hits.length === 0 && q === "" && <Spotlight.Empty>Searching…</Spotlight.Empty>}
      </Spotlight.ActionsList>
      <span role="status" className="unseen">
        {failed ? "The search did not work" : q !== "" && !isFetching && `${hits.length} found`}
      </span>
    </Spotlight.Root>
  );
}

const NAME = { content: { "aria-label": "Search and commands" } };
