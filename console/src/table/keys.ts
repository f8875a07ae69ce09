/** Moves the focus to the link of the next or previous row. */
export function moveInRows(step: 1 | -1) {
  const links = [...document.querySelectorAll<HTMLElement>("[data-list] [data-row]")];
  const at = links.findIndex(
    (link) => link === document.activeElement || link.contains(document.activeElement),
  );
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  (next?.querySelector<HTMLElement>("a, button") ?? next)?.focus();
}

const focusedRow = () => document.activeElement?.closest("[data-row]")?.closest("tr, li");

/** Whether a row has the focus: on its name, where `moveInRows` puts it. */
export const isInRow = () => Boolean(focusedRow());

/** Ticks the row that has the focus, or takes its tick away. */
export function tickFocused() {
  focusedRow()?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
}
