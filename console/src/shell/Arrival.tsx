import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

/** Milliseconds in which a page has said its title. */
const TITLED = 200;

/** Says where one has arrived: its title is read out, and the focus goes to its heading unless it stayed on the page. */
export function Arrival() {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const before = useRef<string>(undefined);
  const [title, setTitle] = useState("");
  useEffect(() => {
    const from = before.current;
    before.current = path;
    if (path === undefined || from === undefined || from === path) return;
    focusHeading();
    const timer = setTimeout(() => setTitle(document.title), TITLED);
    return () => clearTimeout(timer);
  }, [path]);
  return (
    <p role="status" className="unseen">
      {title}
    </p>
  );
}

function focusHeading(): void {
  const main = document.getElementById("main");
  const active = document.activeElement;
  if (!main || (active !== main && main.contains(active))) return;
  const heading = main.querySelector<HTMLElement>("[data-arrive]") ?? main.querySelector("h1") ?? main;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
