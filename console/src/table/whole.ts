import { useCallback } from "react";
import type { Load } from "./types";

/** Pages, in the browser, of a list that the server gives whole; free text is looked for in `words`. */
export function useWhole<Row>(
  read: (signal?: AbortSignal) => Promise<Row[]>,
  words: (row: Row) => (string | null | undefined)[],
): Load<Row> {
  return useCallback(
    async (query, signal) => {
      const wanted = [query.name_contains ?? []].flat().map((text) => String(text).toLowerCase());
      const all = (await read(signal)).filter((row) =>
        wanted.every((text) => words(row).some((word) => word?.toLowerCase().includes(text))),
      );
      const begin = Number(query.marker ?? 0);
      const end = begin + Number(query.limit ?? all.length);
      return {
        rows: all.slice(begin, end),
        next: end < all.length ? String(end) : null,
        total: { count: all.length, is_more: false },
      };
    },
    [read, words],
  );
}
