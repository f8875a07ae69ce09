import type { ReactNode } from "react";
import type { Undo } from "~/api/types";
import { createStore } from "~/store";

/** Short news, bottom left. Failures stay until they are closed. */
export interface Toast {
  id: number;
  kind: "success" | "info" | "error";
  text: ReactNode;
  /** For a failure: what to tell the operator. */
  details?: { code: string; requestId?: string };
  /** Ends by itself at this time; never while undefined. */
  until?: number;
  lifetime?: number;
  undo?: () => void;
  /** `href` is the path of a page, as `place.path` says it. */
  action?: { text: string; href: string };
}

/** What outlives the page, under the header. */
export interface Flash {
  id: string;
  kind: "success" | "info" | "warning" | "error" | "in-progress";
  title?: ReactNode;
  text?: ReactNode;
  action?: { text: string; run: () => void };
}

export const toasts = createStore<Toast[]>([]);
export const flashes = createStore<Flash[]>([]);

const LIFETIME = 6_000;
let last = 0;

export function toast(what: Omit<Toast, "id" | "until" | "undo">) {
  last += 1;
  const one: Toast = { ...what, id: last };
  if (what.kind !== "error") {
    one.lifetime = what.lifetime ?? LIFETIME;
    one.until = Date.now() + one.lifetime;
  }
  toasts.set((now) => [...now.slice(-4), one]);
}

/** News of an act that can be taken back until the server's time for it ends. */
export function toastWithUndo(
  text: ReactNode,
  way: Undo | null | undefined,
  undo: (token: string) => void,
  action?: Toast["action"],
) {
  if (!way) return toast({ kind: "success", text, action });
  last += 1;
  const id = last;
  const lifetime = Math.max(1_000, Math.min(new Date(way.until).getTime() - Date.now(), 10_000));
  toasts.set((now) => [
    ...now.slice(-4),
    {
      id,
      kind: "success",
      text,
      action,
      lifetime,
      until: Date.now() + lifetime,
      undo: () => undo(way.token),
    },
  ]);
}

export const dropToast = (id: number) => toasts.set((now) => now.filter((one) => one.id !== id));

export function flash(what: Flash) {
  flashes.set((now) => [what, ...now.filter((one) => one.id !== what.id)]);
}

export const dropFlash = (id: string) => flashes.set((now) => now.filter((one) => one.id !== id));
