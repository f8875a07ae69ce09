import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type Api, call, createApi, ok } from "./client";
import type { Context } from "./send";
import { type SessionProject, useSession } from "./session";

/** The project and region of the page, with the calls that act in it. */
export interface Place extends Context {
  api: Api;
  /** Begins every query key, so that two projects never share an answer. */
  key: readonly [region: string, project: string];
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  info: SessionProject;
  isReader: boolean;
  /** The path of a page of this project: `path("images/private")`. */
  path(rest: string): string;
}

const PlaceContext = createContext<Place | null>(null);

export function placePath(context: Context, rest: string): string {
  return `/r/${encodeURIComponent(context.region)}/p/${encodeURIComponent(context.project)}/${rest}`;
}

export function PlaceProvider({
  region,
  info,
  children,
}: {
  region: string;
  info: SessionProject;
  children: ReactNode;
}) {
  const place = useMemo((): Place => {
    const context = { region, project: info.id };
    return {
      ...context,
      info,
      api: createApi(context),
      key: [region, info.id],
      call: (method, path, body) => call(method, path, body, context),
      isReader: info.role === "reader",
      path: (rest) => placePath(context, rest),
    };
  }, [region, info]);
  return <PlaceContext.Provider value={place}>{children}</PlaceContext.Provider>;
}

/** The project and region of the page. */
export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error("used outside of a project");
  return place;
}

export const usePlaceIfAny = (): Place | null => useContext(PlaceContext);

/** Who the user is in this project: his role and what it lets him do. */
export function useMe() {
  const { api, key } = usePlace();
  return useQuery({ queryKey: [...key, "me"], queryFn: () => ok(api.GET("/api/v1/me")), staleTime: 60_000 });
}

/** The rules in force in this project: `rule("share.recipient_kind")`; outside of one nothing. */
export function usePolicy() {
  const place = usePlaceIfAny();
  const { data } = useQuery({
    queryKey: [...(place?.key ?? []), "policy"],
    queryFn: () => call<Record<string, unknown>>("GET", "/api/v1/policy", undefined, place ?? undefined),
    staleTime: 60_000,
    enabled: place !== null,
  });
  return (rule: string): unknown => data?.[rule];
}

/** Contexts the user has: each project in each of its regions. */
export function useContexts(regions: readonly string[]): { region: string; project: SessionProject }[] {
  const { projects } = useSession();
  return useMemo(
    () =>
      projects.flatMap((project) =>
        (project.region ? [project.region] : regions).map((region) => ({ region, project })),
      ),
    [projects, regions],
  );
}
