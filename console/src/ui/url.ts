import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** Changes some parameters of the address; `null` takes one out. */
export function useParamsPatch() {
  const [, set] = useSearchParams();
  return useCallback(
    (patch: Record<string, string | string[] | null>, how: { push?: boolean } = {}) => {
      set(
        (now) => {
          const next = new URLSearchParams(now);
          for (const [name, value] of Object.entries(patch)) {
            next.delete(name);
            for (const one of value === null ? [] : [value].flat()) next.append(name, one);
          }
          return next;
        },
        { replace: !how.push, preventScrollReset: true },
      );
    },
    [set],
  );
}

/** Opens a dialog over the page, by the address. */
export function useDialog() {
  const patch = useParamsPatch();
  return useCallback(
    (name: string, ids: string[] = []) =>
      patch({ dialog: name, ids: ids.length ? ids.join(",") : null }, { push: true }),
    [patch],
  );
}
