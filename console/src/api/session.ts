import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { flashes, toasts } from "~/shell/messages";
import { call } from "./client";
import { toApiError } from "./errors";
import { sessionReplaced } from "./send";

export interface SessionProject {
  id: string;
  name: string;
  region: string | null;
  role: string;
  pending: number;
}

export interface Session {
  user: { id: string; name: string };
  account: { id: string; name: string; uid: string | null };
  operator: boolean;
  projects: SessionProject[];
  expires_at: string;
  demo: { personas: string[] } | null;
}

export type Credentials = { account: string; username: string; password: string } | { one_time: string };

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await call<Session>("GET", "/api/v1/session");
    } catch (error) {
      if (toApiError(error).status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** Who is signed in. Only below the shell, which shows nothing before somebody is. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("used outside of a session");
  return data;
}

export function useSignIn() {
  const client = useQueryClient();
  return async (credentials: Credentials): Promise<Session> => {
    const session = await call<Session>("POST", "/api/v1/session", credentials);
    client.setQueryData(sessionQuery.queryKey, session);
    return session;
  };
}

export function useSignOut() {
  const client = useQueryClient();
  return async () => {
    await call("DELETE", "/api/v1/session");
    // First this: what is shown needs a session as long as it is shown.
    client.setQueryData(sessionQuery.queryKey, null);
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
  };
}

/** Goes on as another person of the demo. */
export function usePersona() {
  const client = useQueryClient();
  return async (user: string) => {
    const session = await call<Session>("POST", "/api/v1/session/persona", { user });
    // What was under way for the other one may have met the end of his session.
    sessionReplaced();
    client.clear();
    // What could be undone was the other one's.
    toasts.set([]);
    flashes.set([]);
    client.setQueryData(sessionQuery.queryKey, session);
  };
}
