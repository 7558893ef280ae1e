import { Loader, Text } from "@mantine/core";
import { getDocument, type PDFDocumentProxy, PDFWorker, TextLayer } from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";

// One for all documents: it stays when a document is left.
const worker = new PDFWorker({
  port: new Worker(new URL("pdfjs-dist/build/pdf.worker.min.mjs", import.meta.url), { type: "module" }),
} as object);

/** The pages of a PDF, each drawn when it comes into sight, with its text above it to be read aloud and copied. */
export function Pdf({ source, name }: { source: string; name: string }) {
  const [file, setFile] = useState<PDFDocumentProxy>();
  const [reason, setReason] = useState("");
  useEffect(() => {
    // Only the pieces that are looked at are fetched.
    const task = getDocument({
      url: new URL(source, location.href).href,
      worker,
      disableAutoFetch: true,
      disableStream: true,
      useWasm: false,
      isEvalSupported: false,
      enableXfa: false,
    } as Parameters<typeof getDocument>[0]);
    let gone = false;
    task.promise.then(
      (opened) => !gone && setFile(opened),
      (error: Error) => !gone && setReason(said(error)),
    );
    return () => {
      gone = true;
      setFile(undefined);
      task.destroy();
    };
  }, [source]);
  if (reason) return <Text className="cut">{reason}</Text>;
  if (file === undefined) return <Loader m="xl" aria-label="Loading the preview" />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="pdf scrolls" tabIndex={0} aria-label={`Pages of ${name}`}>
      {Array.from({ length: file.numPages }, (_, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a page is known by its number
        <Sheet key={number} file={file} number={number + 1} />
      ))}
    </section>
  );
}

const said = (error: Error) =>
  error.name === "PasswordException"
    ? "This PDF is locked with a password. Download it to open it."
    : "This PDF cannot be shown. It may be damaged; the file itself can be downloaded.";

function Sheet({ file, number }: { file: PDFDocumentProxy; number: number }) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const words = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(number === 1);
  useEffect(() => {
    if (place.current === null) return;
    const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && setNear(true), {
      rootMargin: "600px",
    });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const [box, paper, layer] = [place.current, canvas.current, words.current];
    if (!near || box === null || paper === null || layer === null) return;
    let gone = false;
    let stop = () => {};
    draw(file, number, box, paper, layer, (how) => {
      stop = how;
      if (gone) stop();
    }).catch((error: Error) => error.name !== "RenderingCancelledException" && !gone && console.warn(error.message));
    return () => {
      gone = true;
      stop();
    };
  }, [file, number, near]);
  return (
    <div className="leaf" ref={place}>
      <canvas ref={canvas} aria-hidden />
      <div className="textLayer" ref={words} />
    </div>
  );
}

async function draw(
  file: PDFDocumentProxy,
  number: number,
  box: HTMLElement,
  paper: HTMLCanvasElement,
  layer: HTMLElement,
  stopping: (how: () => void) => void,
): Promise<void> {
  const page = await file.getPage(number);
  const natural = page.getViewport({ scale: 1 });
  const scale = Math.min(box.clientWidth / natural.width, 2);
  const viewport = page.getViewport({ scale });
  const sharp = Math.min(devicePixelRatio || 1, 2);
  box.style.setProperty("--total-scale-factor", String(scale));
  box.style.height = `${viewport.height}px`;
  paper.width = Math.floor(viewport.width * sharp);
  paper.height = Math.floor(viewport.height * sharp);
  paper.style.width = `${viewport.width}px`;
  paper.style.height = `${viewport.height}px`;
  const drawing = page.render({
    canvas: paper,
    viewport,
    transform: sharp === 1 ? undefined : [sharp, 0, 0, sharp, 0, 0],
  });
  layer.replaceChildren();
  const text = new TextLayer({ textContentSource: page.streamTextContent(), container: layer, viewport });
  stopping(() => {
    drawing.cancel();
    text.cancel();
  });
  await Promise.all([drawing.promise, text.render()]);
}
