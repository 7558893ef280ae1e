// Where the focus goes when a dialog closes: to where it was before. Dialogs here are not hidden but taken away.

const ABOVE = "[role=dialog], [role=menu], [role=listbox]";
let last: HTMLElement | undefined;

const isDialog = (node: Node) =>
  node instanceof Element && (node.matches("[role=dialog]") || node.querySelector("[role=dialog]") !== null);

/** Begin to watch; once for each window. */
export function keepFocus(): void {
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && !target.closest(ABOVE)) last = target;
  });
  new MutationObserver((changes) => {
    if (document.activeElement !== document.body || !last?.isConnected) return;
    if (changes.some(({ removedNodes }) => [...removedNodes].some(isDialog))) last.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}
