import { type ReactNode, useEffect, useId } from "react";
import { createPortal } from "react-dom";
import { createStore } from "~/store";

/** What the page on show tells the shell. */
interface Frame {
  title: string;
  crumbs: { text: string; href: string }[];
}

export const frame = createStore<Frame>({ title: "", crumbs: [] });
export const help = createStore<{ id: string; title: string } | null>(null);
export const helpOpen = createStore(false);
export const panel = createStore<{ id: string; title: string; close: () => void } | null>(null);
export const helpPlace = createStore<HTMLElement | null>(null);
export const panelPlace = createStore<HTMLElement | null>(null);

/** Sets the document's title and the breadcrumbs; the last crumb is the page itself. */
export function useFrame(title: string, crumbs: { text: string; href: string }[]) {
  const kept = JSON.stringify(crumbs);
  useEffect(() => {
    frame.set({ title, crumbs: JSON.parse(kept) });
  }, [title, kept]);
}

/** The help of a page: shown in the panel at the right when asked for. */
export function Help({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  const place = helpPlace.use();
  const now = help.use();
  useEffect(() => {
    help.set({ id, title });
    return () => help.set((shown) => (shown?.id === id ? null : shown));
  }, [id, title]);
  return place && now?.id === id ? createPortal(children, place) : null;
}

/** The split panel of a page, while it is rendered. */
export function SidePanel({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const id = useId();
  const place = panelPlace.use();
  const now = panel.use();
  useEffect(() => {
    panel.set({ id, title, close: onClose });
  }, [id, title, onClose]);
  useEffect(() => () => panel.set((shown) => (shown?.id === id ? null : shown)), [id]);
  return place && now?.id === id ? createPortal(children, place) : null;
}
