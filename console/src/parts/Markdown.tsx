import { Anchor } from "@mantine/core";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import "../people.css";

/** Nothing is fetched from elsewhere: an image becomes a link to it, and links say nothing of where one comes from. */
const PARTS: Components = {
  a: ({ href, children }) => (
    <Anchor href={href} rel="noopener noreferrer nofollow" target="_blank">
      {children}
    </Anchor>
  ),
  img: ({ src, alt }) => (
    <Anchor href={typeof src === "string" ? src : undefined} rel="noopener noreferrer nofollow" target="_blank">
      {alt || "Image"}
    </Anchor>
  ),
  // Headings of a text are below those of the page.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div className="scrolls" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <pre tabIndex={0}>{children}</pre>
  ),
};

/** Markdown that people wrote, harmless: tags in it are shown as text, and `javascript:` leads nowhere. */
export function Markdown({ children }: { children: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={[remarkGfm]} components={PARTS}>
        {children}
      </ReactMarkdown>
    </div>
  );
}
