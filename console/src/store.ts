import { useSyncExternalStore } from "react";

/** A value outside React that components can watch. */
export interface Store<T> {
  get(): T;
  set(next: T | ((now: T) => T)): void;
  watch(listener: () => void): () => void;
  use(): T;
  /** A part of it that is the same by itself (a number, a text): what else changes draws nothing anew. */
  usePart<P extends string | number | boolean | undefined>(pick: (value: T) => P): P;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const get = () => value;
  const watch = (listener: () => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };
  return {
    get,
    watch,
    set(next) {
      const now = typeof next === "function" ? (next as (now: T) => T)(value) : next;
      if (Object.is(now, value)) return;
      value = now;
      for (const listener of [...listeners]) listener();
    },
    use: () => useSyncExternalStore(watch, get, get),
    usePart: (pick) => {
      const part = () => pick(get());
      return useSyncExternalStore(watch, part, part);
    },
  };
}
