import "../people.css";
import { Button } from "@mantine/core";
import { useRef, useState } from "react";

/** Several lines and a button that copies them, or selects them where there is no clipboard. */
export function Commands({ text, title }: { text: string; title: string }) {
  const place = useRef<HTMLPreElement>(null);
  const [word, setWord] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setWord("Copied");
    } catch {
      if (place.current) getSelection()?.selectAllChildren(place.current);
      setWord("Press Ctrl+C");
    }
    setTimeout(() => setWord("Copy"), 4_000);
  };
  return (
    <div className="snippet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre ref={place} tabIndex={0}>
        {text}
      </pre>
      <Button variant="default" size="compact-sm" onClick={copy}>
        <span role="status">{word}</span>
        <span className="unseen"> {title}</span>
      </Button>
    </div>
  );
}
