import { useEffect } from "react";
import { apiBase } from "~/base";
import { usePlace } from "./context";
import { toApiError } from "./errors";
import { queries } from "./queries";
import { send, wait } from "./send";
import type { Notice } from "./types";

export interface ServerEvent {
  id?: string;
  event: string;
  data: string;
}

/** Parts the text of an event stream into events, whatever the pieces it arrives in. */
export function eventParser(emit: (event: ServerEvent) => void) {
  let rest = "";
  let now: Partial<ServerEvent> & { lines: string[] } = { lines: [] };
  const line = (text: string) => {
    if (text === "") {
      if (now.lines.length || now.event || now.id !== undefined) {
        emit({ id: now.id, event: now.event ?? "message", data: now.lines.join("\n") });
      }
      now = { lines: [] };
      return;
    }
    const at = text.indexOf(":");
    if (at === 0) return;
    const field = at < 0 ? text : text.slice(0, at);
    const value = at < 0 ? "" : text.slice(at + 1).replace(/^ /, "");
    if (field === "data") now.lines.push(value);
    else if (field === "event") now.event = value;
    else if (field === "id") now.id = value;
  };
  return (piece: string) => {
    rest += piece;
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? "";
    lines.forEach(line);
  };
}

type Listener = (notice: Notice) => void;
const listeners = new Set<Listener>();

/** Hears each notice as it comes. */
export function useNotices(listener: Listener) {
  useEffect(() => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [listener]);
}

/** What a notice makes stale, by the word that follows the context in a query key. */
const STALE = ["images", "image", "shares", "notices", "elsewhere", "quota", "jobs", "vaults", "backups"];

/** So often at most are lists read anew because of events: a hundred changes are one. */
const PAUSE_MS = 400;

/** Does it at once, and once more at the end of a pause in which it was wanted again. */
export function atMostEvery(pause: number, signal: AbortSignal, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const run = () => {
    act();
    isWanted = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted) run();
    }, pause);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    if (signal.aborted) return;
    if (timer === undefined) run();
    else isWanted = true;
  };
}

/**
 * Listens to the server while a page of a project is open: each notice and each change makes what it
 * touches stale. Comes back by itself, with the last id heard, so that nothing is missed.
 */
export function useServerEvents() {
  const { region, project, key } = usePlace();
  useEffect(() => {
    const stop = new AbortController();
    const stale = atMostEvery(PAUSE_MS, stop.signal, () => {
      for (const what of STALE) queries.told([...key, what]);
    });
    let last: string | undefined;
    const listen = async () => {
      const answer = await send(
        new Request(`${location.origin}${apiBase}/api/v1/events`, {
          headers: { accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) },
          signal: stop.signal,
        }),
        { region, project },
      );
      // What changed since pages were read, and before this was heard, nobody was told.
      stale();
      const push = eventParser(({ id, event, data }) => {
        if (id) last = id;
        if (event === "gap" || event === "changed" || event === "notice") stale();
        if (event !== "notice") return;
        const notice = JSON.parse(data) as Notice;
        for (const listener of [...listeners]) listener(notice);
      });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      while (reader) {
        const { value, done } = await reader.read();
        if (done) return;
        push(value);
      }
    };
    const keepListening = async () => {
      for (let pause = 1_000; !stop.signal.aborted; ) {
        try {
          await listen();
          pause = 1_000;
        } catch (error) {
          if (stop.signal.aborted) return;
          if (toApiError(error).status === 403) return;
          pause = Math.min(pause * 2, 30_000);
        }
        await wait(pause, stop.signal).catch(() => undefined);
      }
    };
    void keepListening();
    return () => stop.abort();
  }, [key, region, project]);
}
