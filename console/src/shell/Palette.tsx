import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "../api";
import { OUTSIDE, PLACES } from "./places";

/** Ctrl K: the pages, and the spaces whose name contains what is typed. */
export function Palette() {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const { data, isFetching } = useQuery({
    queryKey: ["palette", q],
    queryFn: () => told(api.GET("/v1/spaces", { params: { query: { mine: "true", q, limit: 8 } } })),
    enabled: q !== "",
  });
  const found = q && data ? data.data : [];
  return (
    <Spotlight
      query={typed}
      onQueryChange={setTyped}
      shortcut={["mod + K"]}
      highlightQuery={false}
      nothingFound={isFetching || q !== typed.trim() ? "Searching…" : "Nothing has such a name."}
      attributes={{ content: { "aria-label": "Search and commands" } }}
      searchProps={{
        leftSection: <IconSearch size={19} aria-hidden />,
        placeholder: "Search spaces and pages",
        "aria-label": "Search spaces and pages",
      }}
      actions={[
        ...PLACES.map(({ label, to, icon: Icon }) => ({
          id: to,
          label,
          leftSection: <Icon size={20} aria-hidden />,
          onClick: () => navigate({ to }),
        })),
        ...OUTSIDE.map(({ label, href, icon: Icon }) => ({
          id: href,
          label,
          leftSection: <Icon size={20} aria-hidden />,
          onClick: () => location.assign(href),
        })),
        ...found.map((space) => ({
          id: space.id,
          label: space.name,
          description: `Space · ${space.organization.name}`,
          onClick: () => navigate({ to: "/spaces/$spaceId", params: { spaceId: space.id } }),
        })),
      ]}
    />
  );
}
