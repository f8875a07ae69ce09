import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { shellTexts } from "~/shell/texts";
import { texts } from "./texts";

/** Every action there is, in the user's language. */
export function useActions() {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "access", "actions"],
    queryFn: () => ok(api.GET("/api/v1/access/actions")),
    staleTime: 300_000,
  });
}

export function usePolicies() {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "access", "policies"],
    queryFn: () => ok(api.GET("/api/v1/access/policies")),
  });
}

/** A role in the user's language; another word as it is. */
export function useRoleWord() {
  const s = useTexts(shellTexts);
  const t = useTexts(texts);
  return useCallback(
    (role: string) =>
      role === "admin" || role === "member" || role === "reader"
        ? s(`role.${role}`)
        : role === "operator"
          ? t("role.operator")
          : role,
    [s, t],
  );
}
