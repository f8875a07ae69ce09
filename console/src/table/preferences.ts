import type { CollectionPreferencesProps } from "@cloudscape-design/components/collection-preferences";
import { usePreferences } from "~/api/preferences";
import type { Column } from "./types";

const PAGE_SIZE = 20;

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
    keep: (next: CollectionPreferencesProps.Preferences) =>
      change(({ tables = {} }) => ({
        tables: {
          ...tables,
          [id]: {
            pageSize: next.pageSize,
            wrapLines: next.wrapLines,
            dense: next.contentDensity === "compact",
            columns: next.contentDisplay?.map(({ id, visible }) => ({ id, visible })),
          },
        },
      })),
  };
}
