// Runs before anything is painted: the colours that were chosen, and what script may become markup.
(() => {
  const chosen = localStorage.getItem("courtyard-colours") ?? "auto";
  const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
  // Only the text of style sheets passes: whatever could hold a tag is refused.
  globalThis.trustedTypes?.createPolicy("default", {
    createHTML: (text) => (text.includes("<") ? null : text),
    createScriptURL: (url) => (new URL(url, location.href).href.startsWith(`${location.origin}/console/`) ? url : null),
  });
})();
