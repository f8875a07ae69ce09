import createClient from "openapi-fetch";
import { apiBase } from "~/base";
import type { paths } from "./generated";
import { type Context, send } from "./send";

/** The calls of the native API, typed from docs/openapi.json, in one project and region. */
export function createApi(context?: Context) {
  return createClient<paths>({
    baseUrl: location.origin + apiBase,
    fetch: (request: Request) => send(request, context),
    querySerializer: { array: { style: "form", explode: true } },
  });
}

export type Api = ReturnType<typeof createApi>;

/** The body of an answer; refusals were thrown before. `const page = await ok(api.GET("/api/v1/images"))` */
export async function ok<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** A call that is not (yet) part of the generated types. */
export async function call<T>(method: string, path: string, body?: unknown, context?: Context): Promise<T> {
  const answer = await send(
    new Request(location.origin + apiBase + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    }),
    context,
    !path.startsWith("/api/v1/session"),
  );
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** A link that the browser follows by itself: it cannot send headers, so the address names the project. */
export function linkTo(path: string, context: Context, query: Record<string, string> = {}): string {
  const named = new URLSearchParams({ ...query, as_project: context.project, as_region: context.region });
  return `${apiBase}${path}?${named}`;
}
