import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { call } from "./client";

/** What a user has chosen; kept by the server, one object of at most 32 KiB. */
export interface Preferences {
  language?: "en" | "zh-Hans";
  theme?: "light" | "dark" | "system";
  density?: "comfortable" | "compact";
  shortcuts?: boolean;
  navigation?: boolean;
  recents?: string[];
  recentRecipients?: string[];
  dismissed?: string[];
  tables?: Record<string, TablePreferences>;
  filters?: Record<string, { name: string; search: string }[]>;
}

export interface TablePreferences {
  pageSize?: number;
  wrapLines?: boolean;
  dense?: boolean;
  columns?: { id: string; visible: boolean }[];
}

export const preferencesQuery = queryOptions({
  queryKey: ["preferences"],
  queryFn: () => call<Preferences>("GET", "/api/v1/me/preferences"),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

let timer: ReturnType<typeof setTimeout> | undefined;

/** The preferences, and a way to change some of them: shown at once, kept a moment later. */
export function usePreferences() {
  const client = useQueryClient();
  const { data } = useQuery(preferencesQuery);
  const change = useCallback(
    (patch: Partial<Preferences> | ((now: Preferences) => Partial<Preferences>)) => {
      const now = client.getQueryData(preferencesQuery.queryKey) ?? {};
      const next = { ...now, ...(typeof patch === "function" ? patch(now) : patch) };
      client.setQueryData(preferencesQuery.queryKey, next);
      clearTimeout(timer);
      timer = setTimeout(() => void call("PUT", "/api/v1/me/preferences", next).catch(() => undefined), 400);
    },
    [client],
  );
  return [data ?? EMPTY, change] as const;
}

const EMPTY: Preferences = {};
