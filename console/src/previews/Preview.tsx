import { Button, Group, Loader, Text } from "@mantine/core";
import { IconDownload, IconFile } from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense } from "react";
import { type Artifact, address, queryClient } from "../api";
import { Boundary } from "../parts/Boundary";
import { size } from "../words";
import { Picture } from "./Picture";
import { BEGINNING } from "./text";

const kinds = () => ({
  Pdf: lazy(() => import("./Pdf").then((module) => ({ default: module.Pdf }))),
  MarkdownFile: lazy(() => import("./MarkdownFile").then((module) => ({ default: module.MarkdownFile }))),
  Sheet: lazy(() => import("./Sheet").then((module) => ({ default: module.Sheet }))),
  Words: lazy(() => import("./Words").then((module) => ({ default: module.Words }))),
});
/** Loaded when they are needed. One that could not be loaded never tries again: then all are made anew. */
let shown = kinds();

const MEGABYTE = 1_000_000;
/** Larger ones are shown by the picture that the server drew. */
const PICTURE = 20 * MEGABYTE;
const PDF = 100 * MEGABYTE;
const SVG = 2 * MEGABYTE;
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXTS =
  /^text\/|[/+](json|xml|yaml|toml|javascript|typescript|sql|x-sh|x-python)$|\.(txt|log|json|ya?ml|toml|xml|html?|css|m?[jt]sx?|py|sh|sql|ini|cfg)$/;

/** What an artifact looks like. Nothing that it holds is ever run, and nothing it names is ever fetched. */
export function Preview({ artifact }: { artifact: Artifact }) {
  return (
    <Boundary instead={(again) => <Failed artifact={artifact} again={again} />}>
      <Suspense fallback={<Loader m="xl" aria-label="Loading the preview" />}>
        <Kind artifact={artifact} />
      </Suspense>
    </Boundary>
  );
}

/** In place of a preview that did not work; the rest of the page is none the worse. */
function Failed({ artifact, again }: { artifact: Artifact; again: () => void }) {
  const retry = () => {
    queryClient.removeQueries({ queryKey: BEGINNING, predicate: (query) => query.state.status === "error" });
    shown = kinds();
    again();
  };
  return (
    <Nothing artifact={artifact} alert more={<Button onClick={retry}>Try again</Button>}>
      The preview did not work. The file itself can be downloaded.
    </Nothing>
  );
}

function Kind({ artifact }: { artifact: Artifact }) {
  const kind = artifact.content_type.split(";")[0]?.trim().toLowerCase() ?? "";
  const name = artifact.name.toLowerCase();
  const bytes = `${address(artifact.download_url)}?v=${artifact.version}`;
  if (artifact.size === 0) return <Nothing artifact={artifact}>It is empty.</Nothing>;
  if (PICTURES.has(kind) && artifact.size <= PICTURE) return <Picture name={artifact.name} source={bytes} />;
  if (kind === "image/svg+xml" && artifact.size <= SVG) return <Picture name={artifact.name} source={bytes} drawing />;
  if (kind === "application/pdf" && artifact.size <= PDF) return <shown.Pdf source={bytes} name={artifact.name} />;
  if (kind === "text/markdown" || name.endsWith(".md"))
    return <shown.MarkdownFile source={bytes} total={artifact.size} />;
  if (kind === "text/csv" || kind === "text/tab-separated-values")
    return <shown.Sheet source={bytes} total={artifact.size} />;
  if (TEXTS.test(kind) || (kind === "application/octet-stream" && TEXTS.test(name)))
    return <shown.Words source={bytes} total={artifact.size} />;
  if (artifact.preview_url) {
    const drawn = `${address(artifact.preview_url)}?size=960&v=${artifact.version}`;
    return <Picture name={artifact.name} source={drawn} note={tooBig(artifact, kind)} />;
  }
  return (
    <Nothing artifact={artifact}>{tooBig(artifact, kind) ?? "There is no preview for this type of file."}</Nothing>
  );
}

const tooBig = ({ size: bytes }: Artifact, kind: string) =>
  PICTURES.has(kind) || kind === "application/pdf" || kind === "image/svg+xml"
    ? `At ${size(bytes)} it is too big to be shown here as a whole.`
    : undefined;

type Instead = { artifact: Artifact; alert?: boolean; more?: ReactNode; children: ReactNode };

/** In place of a preview: what it is, and the file itself. */
export function Nothing({ artifact, alert, more, children }: Instead) {
  return (
    <div className="nothing" role={alert ? "alert" : undefined}>
      <IconFile size={56} stroke={1.2} aria-hidden />
      <Text>{children}</Text>
      <Group justify="center">
        {more}
        <Button
          component="a"
          href={address(artifact.download_url)}
          variant="default"
          leftSection={<IconDownload size={17} aria-hidden />}
        >
          Download {size(artifact.size)}
        </Button>
      </Group>
    </div>
  );
}
