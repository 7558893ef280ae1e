// One stream of news for all windows of this browser: over HTTP/1.1 a host has six connections, and each window is one.
import { listen, type Said } from "./stream";

const windows = new Set<MessagePort>();
let state: Said = { kind: "lost" };

const stream = listen((said) => {
  if (said.kind !== "news") state = said.kind === "reset" ? { kind: "live" } : said;
  for (const window of windows) window.postMessage(said);
});

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port === undefined) return;
  port.onmessage = ({ data }) => {
    if (data === "bye") windows.delete(port);
    else {
      windows.add(port);
      if (state.kind === "lost") stream.wake();
      else port.postMessage(state);
    }
  };
});
