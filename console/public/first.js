// Runs before anything is painted: what script may become markup, and the colours that were chosen.
(() => {
  // Only the text of style sheets passes: whatever could hold a tag is refused. Script comes from the built files alone.
  const built = `${location.origin}/console/assets/`;
  globalThis.trustedTypes?.createPolicy("default", {
    createHTML: (text) => (text.includes("<") ? null : text),
    createScriptURL: (url) => (new URL(url, location.href).href.startsWith(built) ? url : null),
  });
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("courtyard-colours") ?? chosen;
  } catch {
    // A browser that keeps nothing for us goes by the system.
  }
  const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
