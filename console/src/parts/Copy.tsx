import { ActionIcon } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useRef, useState } from "react";

/** A text and a button that copies it. Plain `http://` addresses have no clipboard: there it is selected instead. */
export function Copy({ text, what }: { text: string; what: string }) {
  const place = useRef<HTMLElement>(null);
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      if (place.current) getSelection()?.selectAllChildren(place.current);
      setSaid("Press Ctrl+C");
    }
    setTimeout(() => setSaid(""), 4_000);
  };
  return (
    <span className="copy">
      <code ref={place}>{text}</code>
      <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={`Copy the ${what}`}>
        {said === "Copied" ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
      </ActionIcon>
      <span role="status" className={said === "Press Ctrl+C" ? "hint" : "unseen"}>
        {said}
      </span>
    </span>
  );
}
