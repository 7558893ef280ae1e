import { Button, Loader, Text } from "@mantine/core";
import { IconDownload, IconFile } from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense } from "react";
import { type Artifact, address } from "../api";
import { size } from "../words";
import { Picture } from "./Picture";

const Pdf = lazy(() => import("./Pdf").then((module) => ({ default: module.Pdf })));
const MarkdownFile = lazy(() => import("./MarkdownFile").then((module) => ({ default: module.MarkdownFile })));
const Sheet = lazy(() => import("./Sheet").then((module) => ({ default: module.Sheet })));
const Words = lazy(() => import("./Words").then((module) => ({ default: module.Words })));

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
    <Suspense fallback={<Loader m="xl" aria-label="Loading the preview" />}>
      <Kind artifact={artifact} />
    </Suspense>
  );
}

function Kind({ artifact }: { artifact: Artifact }) {
  const kind = artifact.content_type.split(";")[0]?.trim().toLowerCase() ?? "";
  const name = artifact.name.toLowerCase();
  const bytes = `${address(artifact.download_url)}?v=${artifact.version}`;
  if (artifact.size === 0) return <Nothing artifact={artifact}>It is empty.</Nothing>;
  if (PICTURES.has(kind) && artifact.size <= PICTURE) return <Picture name={artifact.name} source={bytes} />;
  if (kind === "image/svg+xml" && artifact.size <= SVG) return <Picture name={artifact.name} source={bytes} drawing />;
  if (kind === "application/pdf" && artifact.size <= PDF) return <Pdf source={bytes} name={artifact.name} />;
  if (kind === "text/markdown" || name.endsWith(".md")) return <MarkdownFile source={bytes} total={artifact.size} />;
  if (kind === "text/csv" || kind === "text/tab-separated-values")
    return <Sheet source={bytes} total={artifact.size} />;
  if (TEXTS.test(kind) || (kind === "application/octet-stream" && TEXTS.test(name)))
    return <Words source={bytes} total={artifact.size} />;
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

/** In place of a preview: what it is, and the file itself. */
export function Nothing({ artifact, children }: { artifact: Artifact; children: ReactNode }) {
  return (
    <div className="nothing">
      <IconFile size={56} stroke={1.2} aria-hidden />
      <Text>{children}</Text>
      <Button
        component="a"
        href={address(artifact.download_url)}
        variant="default"
        leftSection={<IconDownload size={17} aria-hidden />}
      >
        Download {size(artifact.size)}
      </Button>
    </div>
  );
}
