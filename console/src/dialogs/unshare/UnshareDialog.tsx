import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { ApiError } from "~/api/errors";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { refusals, useImagesById, useRefresh, useUndo } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toastWithUndo } from "~/shell/messages";
import { Confirm } from "../Confirm";
import { texts } from "./texts";

/** Takes back every share of some images. */
export default function UnshareDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key } = usePlace();
  const refresh = useRefresh();
  const undo = useUndo();
  const { data: images = [] } = useImagesById(ids);
  const able = images.filter((image) => image.actions.unshare?.allowed);
  const { data: shares = [] } = useQuery({
    queryKey: [...key, "shares", "of", able.map((image) => image.id)],
    queryFn: async () => {
      const pages = await Promise.all(
        able.map((image) =>
          ok(api.GET("/api/v1/images/{id}/shares", { params: { path: { id: image.id } } })),
        ),
      );
      return pages.flatMap((page) => page.shares);
    },
    enabled: able.length > 0,
  });
  const of = (state: string) => shares.filter((share) => share.state === state).length;
  const [first] = images;
  const run = async () => {
    const report = await ok(
      api.DELETE("/api/v1/shares", {
        body: { images: able.map((image) => image.id), all: true, mode: "partial" },
      }),
    );
    refresh();
    const n = new Set(report.results.flatMap((pair) => (pair.outcome === "removed" ? [pair.image] : [])))
      .size;
    if (n > 0) toastWithUndo(t("done", { n }), report.undo, undo);
    const refused = refusals(report);
    if (refused.length) {
      throw new ApiError({
        status: 409,
        code: report.code ?? "",
        message: refused.join(" "),
        requestId: report.request_id,
      });
    }
  };
  return (
    <Confirm
      title={
        ids.length === 1 && first ? t("title", { image: nameOf(first) }) : t("titleMany", { n: ids.length })
      }
      verb={w("act.unshare")}
      run={run}
      close={close}
      refused={able.length === 0 && first ? refusal(first, "unshare") : undefined}
    >
      <div>
        {t("body", {
          n: new Set(shares.map((share) => share.recipient.id)).size,
          a: of("accepted"),
          p: of("pending"),
        })}
      </div>
      <div>{t("servers")}</div>
      {ids.length > 1 && (
        <ul>
          {images.map((image) => (
            <li key={image.id}>
              {nameOf(image)}
              {refusal(image, "unshare") && <span className="lg-muted"> – {refusal(image, "unshare")}</span>}
            </li>
          ))}
        </ul>
      )}
    </Confirm>
  );
}
