import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ok } from "./client";
import { useMe, usePlace } from "./context";
import { useSession } from "./session";

/** The users of the project, for those who may see them. */
export function useUsers() {
  const { api, key } = usePlace();
  const { data: me } = useMe();
  return useQuery({
    queryKey: [...key, "access", "users"],
    queryFn: () => ok(api.GET("/api/v1/access/users")),
    enabled: me?.actions.includes("ims:access:list") ?? false,
    staleTime: 30_000,
  });
}

/** What is known by name here: the own projects, and the users of this one. */
export function useNameOf(): (id: string | null | undefined) => string | undefined {
  const { user, account, projects } = useSession();
  const { data } = useUsers();
  const names = useMemo(
    () =>
      new Map<string, string>([
        ...projects.map((one) => [one.id, one.name] as const),
        ...(data?.users ?? []).flatMap((one) => (one.name ? [[one.id, one.name] as const] : [])),
        [account.id, account.name],
        [user.id, user.name],
      ]),
    [user, account, projects, data],
  );
  return useCallback((id) => (id ? names.get(id) : undefined), [names]);
}

/** The name of a tenant, where the server tells it; asked for once. */
export function useTenantName(id: string | null): string | undefined {
  const { api, key } = usePlace();
  const { data } = useQuery({
    queryKey: [...key, "tenant", id],
    queryFn: () => ok(api.GET("/api/v1/tenants/resolve", { params: { query: { id: id ?? "" } } })),
    enabled: id !== null,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: undefined,
  });
  return data?.name ?? undefined;
}
