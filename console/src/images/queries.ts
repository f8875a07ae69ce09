import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { toApiError } from "~/api/errors";
import type { Image, Schema, ShareReport } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { toast, toastWithUndo } from "~/shell/messages";
import type { Load, Query } from "~/table/types";
import { imageTexts } from "./texts";

/** Reads pages of images; `fixed` says of which view. Keep it outside of components, or memoized. */
export function useImages(fixed: Query): Load<Image> {
  const { api } = usePlace();
  const kept = JSON.stringify(fixed);
  return useCallback(
    async (query, signal) => {
      const params = { query: { ...query, ...JSON.parse(kept) } };
      const page = await ok(api.GET("/api/v1/images", { params, signal }));
      return { rows: page.images, next: page.next, total: page.total };
    },
    [api, kept],
  );
}

/** Something is being done with it, or it waits for its bytes. */
export const PASSING: readonly Image["status"][] = ["queued", "saving", "uploading", "importing"];
/** Whether a list of images shows some that will be different soon. */
export const isAnyPassing = (images: Image[]): boolean =>
  images.some(({ status }) => status !== "queued" && PASSING.includes(status));

/** One image by its id; looked at again while something is being done with it. */
export function useImage(id: string) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "image", id],
    queryFn: () => ok(api.GET("/api/v1/images/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && isAnyPassing([state.data]) ? 1_000 : false),
  });
}

/** Several images by their ids; those that are not there are left out. */
export function useImagesById(ids: string[]) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "image", "several", ids],
    queryFn: async () => {
      const all = await Promise.allSettled(
        ids.map((id) => ok(api.GET("/api/v1/images/{id}", { params: { path: { id } } }))),
      );
      return all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    },
  });
}

/** How many offers wait for this project's answer. */
export function usePending(): number {
  const { api, key } = usePlace();
  const { data } = useQuery({
    queryKey: [...key, "shares", "counts"],
    queryFn: () => ok(api.GET("/api/v1/shares/counts")),
    staleTime: 10_000,
  });
  return data?.pending.count ?? 0;
}

/** Makes everything that shows images and shares of this project be read anew. */
export function useRefresh() {
  const { key } = usePlace();
  const client = useQueryClient();
  return useCallback(() => {
    for (const what of ["images", "image", "shares", "elsewhere", "quota", "jobs"]) {
      void client.invalidateQueries({ queryKey: [...key, what] });
    }
  }, [client, key]);
}

/** Takes an act back. */
export function useUndo() {
  const { api } = usePlace();
  const refresh = useRefresh();
  const t = useTexts(imageTexts);
  return useCallback(
    (token: string) => {
      ok(api.POST("/api/v1/undo", { body: { token } }))
        .then(() => toast({ kind: "success", text: t("done.undone") }))
        .catch(tellFailure)
        .finally(refresh);
    },
    [api, refresh, t],
  );
}

export function tellFailure(error: unknown) {
  const { message, code, requestId } = toApiError(error);
  toast({ kind: "error", text: message, details: { code, requestId } });
}

/** What of a batch was refused, in one line each. */
export const refusals = (report: ShareReport): string[] => [
  ...new Set(
    report.results.flatMap((pair) => (pair.outcome === "refused" ? [pair.message ?? pair.code ?? ""] : [])),
  ),
];

/** Answers offers: tells what came of it, with the way back. */
export function useAnswer() {
  const { api } = usePlace();
  const refresh = useRefresh();
  const undo = useUndo();
  const t = useTexts(imageTexts);
  return useCallback(
    async (
      answer: "accept" | "reject",
      images: string[] | "all",
      vault?: string,
    ): Promise<ShareReport | null> => {
      try {
        const which = images === "all" ? { all: true } : { images };
        const report = await ok(
          api.POST("/api/v1/shares/answers", { body: { answer, ...which, vault, mode: "partial" } }),
        );
        const n = report.results.filter((pair) => pair.outcome === "answered").length;
        if (n > 0)
          toastWithUndo(t(answer === "accept" ? "done.accepted" : "done.rejected", { n }), report.undo, undo);
        const refused = refusals(report);
        if (refused.length) {
          const count = report.results.filter((pair) => pair.outcome === "refused").length;
          toast({
            kind: "error",
            text: t("done.refused", { n: count, why: refused.join(" ") }),
            details: {
              code: report.results.find((pair) => pair.code)?.code ?? "",
              requestId: report.request_id,
            },
          });
        }
        return report;
      } catch (error) {
        tellFailure(error);
        return null;
      } finally {
        refresh();
      }
    },
    [api, refresh, t, undo],
  );
}

/** Acts on one image that need no further question. */
export function useImageActs() {
  const { api } = usePlace();
  const refresh = useRefresh();
  const t = useTexts(imageTexts);
  return useMemo(() => {
    const told = (image: Image, act: Promise<unknown>) =>
      act
        .then(() => toast({ kind: "success", text: t("done.changed", { image: image.name ?? image.id }) }))
        .catch(tellFailure)
        .finally(refresh);
    const params = (image: Image) => ({ params: { path: { id: image.id } } });
    return {
      reactivate: (image: Image) =>
        told(image, ok(api.POST("/api/v1/images/{id}/reactivate", params(image)))),
      changeAll: async (images: Image[], body: Schema<"ImagePatch">) => {
        const ends = await Promise.allSettled(
          images.map((image) => ok(api.PATCH("/api/v1/images/{id}", { ...params(image), body }))),
        );
        refresh();
        const n = ends.filter((end) => end.status === "fulfilled").length;
        if (n > 0) toast({ kind: "success", text: t("done.changedMany", { n }) });
        for (const end of ends) if (end.status === "rejected") tellFailure(end.reason);
      },
      change: (image: Image, body: Schema<"ImagePatch">) =>
        told(image, ok(api.PATCH("/api/v1/images/{id}", { ...params(image), body }))),
    };
  }, [api, refresh, t]);
}
