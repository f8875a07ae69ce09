import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { useParamsPatch } from "~/ui/url";

/** A condition of the filter: `kind = system`; without a key it is free text. */
export interface Token {
  key?: string;
  operator: string;
  value: string;
}

const TOKEN = /^([\w.]*)(!=|>=|<=|!:|=|:|>|<)([\s\S]*)$/;

export const writeToken = ({ key = "", operator, value }: Token): string => `${key}${operator}${value}`;

export function readToken(text: string): Token | null {
  const [, key, operator, value] = TOKEN.exec(text) ?? [];
  return operator && value !== undefined ? { key: key || undefined, operator, value } : null;
}

/** What a list shows, read from the address: the link is the state. */
export interface ListState {
  tokens: Token[];
  sort: { key: string; descending: boolean } | null;
  page: number;
  /** The marker after which the page begins; none for the first. */
  marker: string | null;
  /** What the panel shows. */
  sel: string[];
}

export function useListState() {
  const [params] = useSearchParams();
  const patch = useParamsPatch();
  const search = params.toString();
  const state = useMemo((): ListState => {
    const params = new URLSearchParams(search);
    const sort = params.get("sort");
    const page = Number(params.get("page") ?? 1);
    return {
      tokens: params.getAll("q").flatMap((text) => readToken(text) ?? []),
      sort: sort ? { key: sort.replace(/^-/, ""), descending: sort.startsWith("-") } : null,
      page: Number.isInteger(page) && page > 0 ? page : 1,
      marker: params.get("marker"),
      sel: (params.get("sel") ?? "").split(",").filter(Boolean),
    };
  }, [search]);
  const first = { page: null, marker: null };
  return {
    state,
    setTokens: useCallback(
      (tokens: Token[]) => patch({ q: tokens.map(writeToken), page: null, marker: null }),
      [patch],
    ),
    setSort: (key: string, descending: boolean) => patch({ sort: descending ? `-${key}` : key, ...first }),
    setPage: useCallback(
      (page: number, marker: string | null) =>
        patch({ page: page > 1 ? String(page) : null, marker: page > 1 ? marker : null }, { push: true }),
      [patch],
    ),
    setSel: useCallback((ids: string[]) => patch({ sel: ids.length ? ids.join(",") : null }), [patch]),
  };
}
