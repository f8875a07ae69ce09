/** Moves the focus to the link of the next or previous row. */
export function moveInRows(step: 1 | -1) {
  const links = [...document.querySelectorAll<HTMLElement>("[data-list] [data-row]")];
  const at = links.findIndex(
    (link) => link === document.activeElement || link.contains(document.activeElement),
  );
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  (next?.querySelector<HTMLElement>("a, button") ?? next)?.focus();
}

/** Ticks the row that has the focus. */
export function tickFocused() {
  const row = document.activeElement?.closest("tr, li");
  row?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
}
