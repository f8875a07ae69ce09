import { language } from "~/i18n/language";
import { createStore } from "~/store";
import { ApiError, readError } from "./errors";

/** In which project and region a call acts. */
export interface Context {
  region: string;
  project: string;
}

/** Whether the server can be reached; the shell shows a banner while it cannot. */
export const connection = createStore<{ lost: boolean; retryAt: number }>({ lost: false, retryAt: 0 });

/** Whether the session has ended under a page; the shell then asks to sign in again, over the page. */
export const signInWanted = createStore(false);

let sessions = 0;

/** Says that another session has begun: what met the end of the one before needs nobody to sign in. */
export function sessionReplaced() {
  sessions += 1;
  signInWanted.set(false);
}

const signedIn = () =>
  new Promise<void>((resolve) => {
    signInWanted.set(true);
    const stop = signInWanted.watch(() => {
      if (signInWanted.get()) return;
      stop();
      resolve();
    });
  });

export const wait = (milliseconds: number, signal?: AbortSignal | null) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const BUSY = [429, 502, 503, 504];

/**
 * Sends a call in a context. Reading calls, and those that carry an Idempotency-Key, are sent again when the
 * connection is lost or the server is busy; a call that meets the end of the session waits for the user to
 * sign in again. Whatever is refused is thrown as an {@link ApiError}.
 */
export async function send(request: Request, context?: Context, keepsSession = true): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set("Accept-Language", language.get());
  if (context) {
    headers.set("X-Lendglass-Project", context.project);
    headers.set("X-Lendglass-Region", context.region);
  }
  if (request.method === "POST" && keepsSession && !headers.has("Idempotency-Key")) {
    headers.set("Idempotency-Key", crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
  }
  const isRepeatable =
    request.method === "GET" || request.method === "HEAD" || headers.has("Idempotency-Key");
  const ready = new Request(request, { headers, credentials: "same-origin", cache: "no-store" });
  for (let attempt = 0; ; attempt++) {
    const session = sessions;
    let answer: Response;
    try {
      answer = await fetch(ready.clone());
    } catch (error) {
      if (request.signal.aborted) throw error;
      const lost = new ApiError({ status: 0, code: "CONNECTION_LOST", message: "connection lost" });
      const pause = Math.min(FIRST_WAIT * 2 ** attempt, LONGEST_WAIT);
      connection.set({ lost: true, retryAt: Date.now() + pause });
      if (!isRepeatable) throw lost;
      await wait(pause, request.signal);
      continue;
    }
    if (answer.status !== 502 && answer.status !== 504 && connection.get().lost) {
      connection.set({ lost: false, retryAt: 0 });
    }
    if (answer.ok) return answer;
    const error = await readError(answer);
    if (error.status === 401 && keepsSession) {
      if (session === sessions) await signedIn();
      continue;
    }
    if (BUSY.includes(error.status) && isRepeatable && attempt < 4) {
      await wait(error.retryAfter ? error.retryAfter * 1_000 : FIRST_WAIT * 2 ** attempt, request.signal);
      continue;
    }
    throw error;
  }
}
