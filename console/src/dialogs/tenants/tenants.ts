import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { ApiError } from "~/api/errors";
import type { Image, Share, ShareReport } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { refusals, useRefresh, useUndo } from "~/images/queries";
import { toast, toastWithUndo } from "~/shell/messages";
import { texts } from "./texts";

/** Which of an image's shares. */
export interface Wish {
  q?: string;
  state?: Share["state"];
  limit: number;
  marker?: string;
}

/** A page of an image's shares, with how many there are in all. */
export function useSharePages(image: string) {
  const { api, key } = usePlace();
  const client = useQueryClient();
  const of = useCallback(
    (wish: Wish) => ({
      queryKey: [...key, "shares", "of", image, wish],
      queryFn: () =>
        ok(
          api.GET("/api/v1/images/{id}/shares", {
            params: { path: { id: image }, query: { ...wish, total: true } },
          }),
        ),
    }),
    [api, image, key],
  );
  const read = useCallback((wish: Wish) => client.fetchQuery(of(wish)), [client, of]);
  return { of, read };
}

export function useSharePage(image: string, wish: Wish) {
  const { of } = useSharePages(image);
  return useQuery({ ...of(wish), placeholderData: keepPreviousData });
}

/** How many tenants an image has, how many of its slots are used, and how many are left; no ceiling is `null`. */
export function useSlots({ kind, shares, actions }: Image) {
  const ceiling = usePolicy()(`share.max_tenants.${kind}`);
  const max = typeof ceiling === "number" ? ceiling : null;
  const left = max === null ? null : (actions.share?.slots_left ?? 0);
  return { tenants: shares ?? 0, max, left, used: max === null || left === null ? 0 : max - left };
}

const named = ({ recipient }: Share) => ({ id: recipient.id, kind: recipient.kind as "project" | "account" });

/** Throws what of a report was refused, so that a dialog shows it. */
export function throwRefusals(report: ShareReport) {
  const why = refusals(report);
  const first = report.results.find((pair) => pair.code);
  if (why.length === 0) return;
  throw new ApiError({
    status: 409,
    code: first?.code ?? "",
    message: why.join(" "),
    detail: first?.detail ?? undefined,
    requestId: report.request_id,
  });
}

/** Takes shares of an image back, and reminds those who have not answered. */
export function useTenantActs(image: string) {
  const { api } = usePlace();
  const t = useTexts(texts);
  const { ago } = useFormat();
  const refresh = useRefresh();
  const undo = useUndo();
  const remove = useCallback(
    async (shares: Share[] | "all") => {
      const which = shares === "all" ? { all: true } : { recipients: shares.map(named) };
      try {
        const report = await ok(
          api.DELETE("/api/v1/shares", { body: { images: [image], ...which, mode: "partial" } }),
        );
        const n = report.results.filter((pair) => pair.outcome === "removed").length;
        if (n > 0) toastWithUndo(t("removed", { n }), report.undo, undo);
        throwRefusals(report);
      } finally {
        refresh();
      }
    },
    [api, image, refresh, t, undo],
  );
  const remind = useCallback(
    async (shares: Share[]) => {
      const report = await ok(
        api.POST("/api/v1/shares/reminders", {
          body: { images: [image], recipients: shares.map(named), mode: "partial" },
        }),
      );
      const n = report.results.filter((pair) => pair.outcome !== "refused").length;
      if (n > 0) toast({ kind: "success", text: t("reminded", { n }) });
      const early = report.results.filter((pair) => pair.code === "RATE_LIMITED");
      const seconds = Number(early[0]?.detail?.seconds ?? 0);
      if (early.length > 0 && seconds > 0) {
        const when = ago(new Date(Date.now() + seconds * 1_000));
        toast({ kind: "info", text: t("remindLater", { n: early.length, when }) });
      } else throwRefusals(report);
    },
    [api, image, t, ago],
  );
  return { remove, remind };
}
