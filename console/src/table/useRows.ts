import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { usePlace } from "~/api/context";
import { Markers } from "./markers";
import type { ListState, Token } from "./state";
import type { Filter, ListProps, Query } from "./types";

/** Most rows an export or "select all" takes. */
export const MOST = 10_000;
const STEP = 200;
/** Rows that will soon be different are read again after so long. */
const PASSING = 1_500;

export function queryOf(tokens: Token[], filters: Filter[], freeText: string | null): Query {
  const query: Record<string, string | string[]> = {};
  const add = (name: string, value: string | string[]) => {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  };
  for (const token of tokens) {
    const filter = filters.find((one) => one.key === token.key);
    if (!token.key && freeText) add(freeText, token.value);
    else if (filter?.query) for (const [name, value] of Object.entries(filter.query(token))) add(name, value);
    else if (filter) add(filter.param ?? filter.key, token.value);
  }
  return query;
}

/** The rows of one page, read by markers, with what the pages are known to be. */
export function useRows<Row>(
  list: ListProps<Row>,
  state: ListState,
  pageSize: number,
  setPage: (page: number, marker: string | null) => void,
) {
  const { key } = usePlace();
  const client = useQueryClient();
  const { load, filters, freeText = "name_contains", defaultSort, queryKey, isPassing } = list;
  const sort = state.sort ?? defaultSort;
  const query = useMemo(
    (): Query => ({
      ...queryOf(state.tokens, filters ?? [], freeText),
      ...(sort ? { sort: `${sort.key}:${sort.descending ? "desc" : "asc"}` } : {}),
    }),
    [state.tokens, filters, freeText, sort],
  );
  const what = JSON.stringify([key, queryKey, query, pageSize]);
  const known = useRef({ what, markers: new Markers() });
  if (known.current.what !== what) known.current = { what, markers: new Markers() };
  const { markers } = known.current;
  const [isWalking, setWalking] = useState(false);

  const marker =
    state.page > 1 ? (state.marker ?? (markers.knows(state.page) ? markers.begin(state.page) : null)) : null;
  const isLost = state.page > 1 && marker === null;
  const result = useQuery({
    queryKey: [...key, ...queryKey, query, pageSize, marker],
    queryFn: ({ signal }) =>
      load({ ...query, limit: pageSize, marker: marker ?? undefined, total: true }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data && isPassing?.(state.data.rows) ? PASSING : false),
    enabled: !isLost,
  });
  if (result.data && !result.isPlaceholderData) markers.learn(state.page, marker, result.data.next);

  const goTo = useCallback(
    async (page: number) => {
      setWalking(true);
      try {
        const reached = await markers.walk(page, async (from) => {
          const answer = await client.fetchQuery({
            queryKey: [...key, ...queryKey, query, pageSize, from],
            queryFn: ({ signal }) =>
              load({ ...query, limit: pageSize, marker: from ?? undefined, total: true }, signal),
          });
          return answer.next;
        });
        setPage(reached, markers.begin(reached));
      } finally {
        setWalking(false);
      }
    },
    [client, key, queryKey, load, markers, pageSize, query, setPage],
  );
  // An address with a page but without its marker: walk there.
  useEffect(() => {
    if (isLost) void goTo(state.page);
  }, [isLost, state.page, goTo]);

  const loadAll = useCallback(async (): Promise<Row[]> => {
    const rows: Row[] = [];
    let from: string | undefined;
    do {
      const answer = await load({ ...query, limit: STEP, marker: from });
      rows.push(...answer.rows);
      from = answer.next ?? undefined;
    } while (from && rows.length < MOST);
    return rows.slice(0, MOST);
  }, [load, query]);

  const at = JSON.stringify([what, marker]);
  return { result, at, markers, goTo, isWalking, loadAll, sort, isFiltered: state.tokens.length > 0 };
}
