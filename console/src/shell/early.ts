// What is typed from the moment the palette is asked for until its field is there to take it.

let typed: string | undefined;
/** Where the focus was: what is typed there is meant for the palette. */
let from: EventTarget | null = null;

function keep(event: KeyboardEvent): void {
  const { key, target } = event;
  const elsewhere = target !== from && target instanceof Element && target.closest("input, textarea, select");
  if (elsewhere || key === "Escape" || key === "Tab") {
    early();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || (key.length > 1 && key !== "Backspace")) return;
  typed = key === "Backspace" ? typed?.slice(0, -1) : typed + key;
  event.preventDefault();
  event.stopPropagation();
}

/** The palette was asked for. */
export function listen(): void {
  if (typed === undefined) document.addEventListener("keydown", keep, true);
  typed ??= "";
  from = document.activeElement;
}

/** What was typed since; from now on nobody keeps it. */
export function early(): string {
  document.removeEventListener("keydown", keep, true);
  const all = typed ?? "";
  typed = undefined;
  return all;
}
