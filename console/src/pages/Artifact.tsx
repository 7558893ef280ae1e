import { ActionIcon, Button, Menu, Tabs, Title } from "@mantine/core";
import {
  IconArrowLeft,
  IconChevronLeft,
  IconChevronRight,
  IconDots,
  IconDownload,
  IconPencil,
  IconTags,
  IconTrash,
} from "@tabler/icons-react";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { address, artifacts, space as asked, isGone, type Artifact as One, type Space } from "../api";
import { artifact as askedArtifact } from "../api/contents";
import { GoneArtifact, GoneSpace } from "../parts/Gone";
import { Status } from "../parts/Tag";
import { Preview } from "../previews/Preview";
import { may, size } from "../words";
import { Rename, trash } from "./ArtifactChanges";
import { Facts, Tagging } from "./ArtifactFacts";
import { Failed, Timeline, Working } from "./ArtifactJobs";
import { Links } from "./ArtifactLinks";
import { Versions } from "./ArtifactVersions";

const route = getRouteApi("/spaces/$spaceId/artifacts/$artifactId");
/** Where keys mean something else. */
const TYPING = "input, textarea, select, [role=dialog], [role=menu], [role=tab], .scrolls, [contenteditable]";

/** One artifact: what it looks like, what is known of it, what it was, and what is done with it. */
export function Artifact() {
  const { spaceId, artifactId } = route.useParams();
  const { data: space, error: left } = useSuspenseQuery(asked(spaceId));
  const { data: artifact, error } = useSuspenseQuery(askedArtifact(spaceId, artifactId));
  const [changing, setChanging] = useState<"name" | "tags">();
  const writable = may(space, "editor");
  if (isGone(left)) return <GoneSpace space={space} />;
  if (isGone(error)) return <GoneArtifact space={space} artifact={artifact} />;
  return (
    <>
      <title>{`${artifact.name} · ${space.name} · Courtyard`}</title>
      <Head space={space} artifact={artifact} writable={writable} onChange={setChanging} />
      <div className="viewing">
        <section className="panel view" aria-label="Preview">
          <View artifact={artifact} />
        </section>
        <Facts space={space} artifact={artifact} />
      </div>
      {space.role !== null && <Sections space={space} artifact={artifact} />}
      {changing === "name" && <Rename artifact={artifact} onClose={() => setChanging(undefined)} />}
      {changing === "tags" && <Tagging artifact={artifact} onClose={() => setChanging(undefined)} />}
    </>
  );
}

function View({ artifact }: { artifact: One }) {
  if (artifact.status === "completed")
    return <Preview key={`${artifact.id} ${artifact.version}`} artifact={artifact} />;
  if (artifact.status === "failed") return <Failed artifact={artifact} />;
  return <Working artifact={artifact} />;
}

type Heading = { space: Space; artifact: One; writable: boolean; onChange: (what: "name" | "tags") => void };

function Head({ space, artifact, writable, onChange }: Heading) {
  const filters = route.useSearch();
  const navigate = useNavigate();
  const ready = artifact.status === "completed";
  const back = () => navigate({ to: "/spaces/$spaceId", params: { spaceId: space.id }, search: filters });
  return (
    <header className="title">
      <div className="way">
        <Link to="/spaces/$spaceId" params={{ spaceId: space.id }} search={filters} className="back">
          <IconArrowLeft size={17} aria-hidden />
          {space.name}
        </Link>
        <Neighbours space={space} artifact={artifact} onBack={back} />
      </div>
      <div className="head">
        <div>
          <Title order={1}>{artifact.name}</Title>
          <div className="facts">
            <Status of={artifact.status} />
            {ready && <span>{size(artifact.size)}</span>}
            <span>{artifact.content_type}</span>
            {artifact.version > 1 && <span>Version {artifact.version}</span>}
          </div>
        </div>
        <div className="does">
          {ready && (
            <Button
              component="a"
              href={address(artifact.download_url)}
              leftSection={<IconDownload size={17} aria-hidden />}
            >
              Download
            </Button>
          )}
          {writable && (
            <Menu>
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label="More actions">
                  <IconDots size={19} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={17} aria-hidden />} onClick={() => onChange("name")}>
                  Rename
                </Menu.Item>
                <Menu.Item leftSection={<IconTags size={17} aria-hidden />} onClick={() => onChange("tags")}>
                  Tags
                </Menu.Item>
                <Menu.Item
                  className="danger"
                  leftSection={<IconTrash size={17} aria-hidden />}
                  onClick={async () => (await trash([artifact])) && back()}
                >
                  Move to the trash
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </div>
      </div>
    </header>
  );
}

/** The one before and the one after in the list that one came from; by the arrow keys too, and Esc leads back to it. */
function Neighbours({ space, artifact, onBack }: { space: Space; artifact: One; onBack: () => void }) {
  const filters = route.useSearch();
  const navigate = useNavigate();
  const list = useInfiniteQuery(artifacts(space.id, filters));
  const known = list.data?.pages.flatMap((page) => page.data) ?? [];
  const at = known.findIndex((one) => one.id === artifact.id);
  const before = at > 0 ? known[at - 1] : undefined;
  const after = at >= 0 ? known[at + 1] : undefined;
  const { hasNextPage, isFetching, fetchNextPage } = list;
  useEffect(() => {
    if (at >= 0 && at === known.length - 1 && hasNextPage && !isFetching) fetchNextPage();
  }, [at, known.length, hasNextPage, isFetching, fetchNextPage]);
  const go = (to: One | undefined) =>
    to &&
    navigate({
      to: "/spaces/$spaceId/artifacts/$artifactId",
      params: { spaceId: space.id, artifactId: to.id },
      search: filters,
    });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const busy = event.target instanceof Element && event.target.closest(TYPING) !== null;
      if (busy || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (document.querySelector("[role=dialog], [role=menu]")) return;
      if (event.key === "ArrowLeft") go(before);
      else if (event.key === "ArrowRight") go(after);
      else if (event.key === "Escape") onBack();
    };
    // Before anybody else: whatever is open closes by the same key, and is still there now.
    addEventListener("keydown", press, true);
    return () => removeEventListener("keydown", press, true);
  });
  if (at < 0) return null;
  return (
    <nav aria-label="Neighbours in the list" className="neighbours">
      <ActionIcon
        variant="default"
        size={34}
        disabled={!before}
        onClick={() => go(before)}
        aria-label={before ? `Previous: ${before.name}` : "This is the first"}
      >
        <IconChevronLeft size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size={34}
        disabled={!after}
        onClick={() => go(after)}
        aria-label={after ? `Next: ${after.name}` : "This is the last"}
      >
        <IconChevronRight size={18} aria-hidden />
      </ActionIcon>
    </nav>
  );
}

function Sections({ space, artifact }: { space: Space; artifact: One }) {
  return (
    <Tabs defaultValue="versions" className="tabs" mt="xl" keepMounted={false}>
      <Tabs.List aria-label="More about the artifact">
        <Tabs.Tab value="versions">Versions</Tabs.Tab>
        <Tabs.Tab value="jobs">Jobs</Tabs.Tab>
        {may(space, "editor") && <Tabs.Tab value="links">Public links</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="versions" pt="lg">
        <Versions space={space} artifact={artifact} />
      </Tabs.Panel>
      <Tabs.Panel value="jobs" pt="lg">
        <Timeline space={space} artifact={artifact} />
      </Tabs.Panel>
      <Tabs.Panel value="links" pt="lg">
        <Links artifact={artifact} />
      </Tabs.Panel>
    </Tabs>
  );
}
