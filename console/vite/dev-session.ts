/*
 * For looking at pages while developing, never part of a build: passes `/api` on to a running server.
 * With LENDGLASS_USER=alice:Acme:demo (user:account:password) it also signs in there and answers for the
 * session, so that the pages can be seen against a server whose own session is not wanted.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Connect, Plugin } from "vite";

const SERVER = process.env.LENDGLASS_URL ?? "http://127.0.0.1:9292";
const USER = process.env.LENDGLASS_USER;

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'";

interface Token {
  value: string;
  project: string;
}

/** Signs in over Keystone's API, unscoped projects by their id. */
async function signIn(project?: string): Promise<Token> {
  const [name, account, password] = (USER ?? "").split(":");
  const body = {
    auth: {
      identity: { methods: ["password"], password: { user: { name, password, domain: { name: account } } } },
      ...(project ? { scope: { project: { id: project } } } : {}),
    },
  };
  const answer = await fetch(`${SERVER}/v3/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const value = answer.headers.get("x-subject-token") ?? "";
  const token = (await answer.json()) as { token?: { project?: { id: string } } };
  if (token.token?.project || project) return { value, project: project ?? token.token?.project?.id ?? "" };
  const projects = await fetch(`${SERVER}/v3/auth/projects`, { headers: { "x-auth-token": value } });
  const first = ((await projects.json()) as { projects: { id: string }[] }).projects[0];
  return signIn(first?.id);
}

const tokens = new Map<string, Promise<Token>>();
function token(project = ""): Promise<Token> {
  const known = tokens.get(project) ?? signIn(project || undefined);
  tokens.set(project, known);
  return known;
}

async function session(): Promise<string> {
  const { value } = await token();
  const answer = await fetch(`${SERVER}/api/v1/me`, { headers: { "x-auth-token": value } });
  const me = (await answer.json()) as Record<string, unknown> & { projects: object[] };
  return JSON.stringify({
    user: me.user,
    account: me.account,
    operator: me.is_operator,
    projects: me.projects.map((project) => ({ ...project, pending: 0 })),
    expires_at: "2099-01-01T00:00:00Z",
    demo: { personas: ["alice", "bob"] },
  });
}

let kept = "{}";

async function pass(request: IncomingMessage, response: ServerResponse, next: Connect.NextFunction) {
  const url = new URL(request.url ?? "/", SERVER);
  if (!url.pathname.startsWith("/api/")) return next();
  try {
    if (USER && url.pathname === "/api/v1/session") {
      response.setHeader("content-type", "application/json");
      return response.end(await session());
    }
    if (USER && url.pathname === "/api/v1/me/preferences") {
      if (request.method === "PUT") kept = (await request.toArray()).join("");
      response.setHeader("content-type", "application/json");
      return response.end(kept);
    }
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === "string" && !["host", "connection", "content-length"].includes(name))
        headers.set(name, value);
    }
    if (USER) {
      const project = headers.get("x-lendglass-project") ?? url.searchParams.get("as_project") ?? "";
      headers.set("x-auth-token", (await token(project)).value);
      for (const name of ["x-lendglass-project", "x-lendglass-region", "cookie"]) headers.delete(name);
      for (const name of ["as_project", "as_region"]) url.searchParams.delete(name);
    } else if (headers.has("origin")) headers.set("origin", new URL(SERVER).origin);
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await fetch(url, {
      method: request.method,
      headers,
      // As it comes: uploads are larger than memory.
      body: hasBody ? (Readable.toWeb(request) as BodyInit) : undefined,
      duplex: "half",
      signal: gone.signal,
    } as RequestInit);
    response.statusCode = answer.status;
    answer.headers.forEach((value, name) => {
      if (!["content-encoding", "content-length", "transfer-encoding"].includes(name))
        response.setHeader(name, value);
    });
    if (answer.body)
      Readable.fromWeb(answer.body as never)
        .on("error", () => response.destroy())
        .pipe(response);
    else response.end();
  } catch (error) {
    response.statusCode = 502;
    response.end(String(error));
  }
}

export function devSession(): Plugin {
  return {
    name: "dev-session",
    configureServer: (server) => {
      server.middlewares.use((request, response, next) => void pass(request, response, next));
    },
    configurePreviewServer: (server) => {
      server.middlewares.use((request, response, next) => {
        response.setHeader("content-security-policy", CSP);
        void pass(request, response, next);
      });
    },
  };
}
