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
  return useCallback(
    (notice: Notice) => {
      const who = notice.counterpart?.name ?? notice.counterpart?.id ?? t("notice.somebody");
      return t(`notice.${notice.kind}`, { who, image: notice.image.name ?? notice.image.id });
    },
    [t],
  );
}

/** Tells what has just come: a toast for offers and answers, the flash bar for what was withdrawn. */
export function useNoticeNews() {
  const text = useNoticeText();
  const w = useWords();
  const { path } = usePlace();
  useNotices(
    useCallback(
      (notice: Notice) => {
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
export function noticePage(kind: Notice["kind"]): string {
  if (kind === "image.shared" || kind === "image.shared_again" || kind === "share.reminded")
    return "images/shared/pending";
  if (kind === "share.accepted" || kind === "share.rejected" || kind === "share.left")
    return "images/private";
  return "images/shared";
}
