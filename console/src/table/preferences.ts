import type { CollectionPreferencesProps } from "@cloudscape-design/components/collection-preferences";
import { usePreferences } from "~/api/preferences";
import type { Column } from "./types";

const PAGE_SIZE = 20;

type Columns = readonly { id: string; visible: boolean }[];

/**
 * The columns that a confirmed dialog asks to keep: those of before where nobody has touched what it showed.
 * The window alone has left some out then, and may show them again.
 */
export function chosenColumns(confirmed: Columns | undefined, shown: Columns, before: Columns | undefined) {
  const text = (columns: Columns) => columns.map(({ id, visible }) => `${id}:${visible}`).join();
  if (!confirmed || text(confirmed) === text(shown)) return before?.slice();
  return confirmed.map(({ id, visible }) => ({ id, visible }));
}

/** Which columns a table shows, and how, as the user has chosen. */
export function useTablePreferences<Row>(id: string, columns: Column<Row>[]) {
  const [{ tables = {}, density }, change] = usePreferences();
  const mine = tables[id] ?? {};
  const all = [
    ...columns.map(({ id, isHidden }) => ({ id, visible: !isHidden })),
    { id: "actions", visible: true },
  ];
  // Columns that came later are added at their place's end, before the actions.
  const kept = (mine.columns ?? []).filter((one) => all.some(({ id }) => id === one.id));
  const shown = mine.columns
    ? [
        ...kept.filter(({ id }) => id !== "actions"),
        ...all.filter(({ id }) => !kept.some((one) => one.id === id)),
        ...kept.filter(({ id }) => id === "actions"),
      ]
    : all;
  const pageSize = mine.pageSize ?? PAGE_SIZE;
  const dense = mine.dense ?? density === "compact";
  const wrapLines = mine.wrapLines ?? false;
  return {
    pageSize,
    dense,
    wrapLines,
    columns: shown,
    /** Whether the user has chosen the columns. */
    isChosen: mine.columns !== undefined,
    isVisible: (id: string) => shown.some((one) => one.id === id && one.visible),
    /** Keeps what the dialog was confirmed with; `displayed` are the columns that it began with. */
    keep: (next: CollectionPreferencesProps.Preferences, displayed: Columns) =>
      change(({ tables = {} }) => ({
        tables: {
          ...tables,
          [id]: {
            pageSize: next.pageSize,
            wrapLines: next.wrapLines,
            dense: next.contentDensity === "compact",
            columns: chosenColumns(next.contentDisplay, displayed, mine.columns),
          },
        },
      })),
  };
}
