import { useCallback } from "react";
import { usePlace } from "~/api/context";
import { useNotices } from "~/api/events";
import type { Notice } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { flash, toast } from "./messages";
import { shellTexts } from "./texts";

/** A notice as a sentence. */
export function useNoticeText() {
  const t = useTexts(shellTexts);
  const w = useWords();
  return useCallback(
    ({ kind, counterpart, image, vault, quota }: Notice) =>
      t(`notice.${kind}`, {
        who: counterpart?.name ?? counterpart?.id ?? t("notice.somebody"),
        image: image?.name ?? image?.id ?? "",
        vault: vault?.name ?? "",
        quota: quota ? w(`quota.${quota.name}`) : "",
        used: vault?.used_gib ?? quota?.used ?? "",
        max: vault?.capacity_gib ?? quota?.limit ?? "",
      }),
    [t, w],
  );
}

/**
 * Tells what has just come: a toast for offers and answers, the flash bar for what was withdrawn. What is
 * nearly full waits in the bell.
 */
export function useNoticeNews() {
  const text = useNoticeText();
  const w = useWords();
  const { path } = usePlace();
  useNotices(
    useCallback(
      (notice: Notice) => {
        if (notice.kind === "vault.nearly_full" || notice.kind === "quota.nearly_full") return;
        if (notice.kind === "image.withdrawn" || notice.kind === "image.deleted") {
          return flash({ id: notice.id, kind: "info", text: text(notice) });
        }
        const isOffer = notice.kind === "image.shared" || notice.kind === "image.shared_again";
        toast({
          kind: "info",
          text: text(notice),
          action: isOffer ? { text: w("act.view"), href: path("images/shared/pending") } : undefined,
        });
      },
      [text, w, path],
    ),
  );
}

/** Where the news of a notice can be seen. */
export function noticePage({ kind, vault, quota }: Notice): string {
  if (vault) return `vaults/${vault.id}`;
  if (quota) return "quotas";
  if (kind === "image.shared" || kind === "image.shared_again" || kind === "share.reminded")
    return "images/shared/pending";
  if (kind === "share.accepted" || kind === "share.rejected" || kind === "share.left")
    return "images/private";
  return "images/shared";
}
