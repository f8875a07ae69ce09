import { useCallback, useRef, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { toApiError } from "~/api/errors";
import type { Image, Pair, ShareReport } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { looksLikeId, type ParsedId } from "~/ui/ids";
import { texts } from "./texts";

/** An id on its way to a share: what the server says of it. */
export interface Chip {
  id: string;
  name?: string;
  state: "checking" | "good" | "has" | "bad";
  why?: string;
}

type Words = ReturnType<typeof useWords>;
type Texts = ReturnType<typeof useTexts<typeof texts.entries>>;

/** What the pairs of one id say of it: bad where any image is refused, has where all have it already. */
export function judge(pairs: Pair[], images: Image[], t: Texts, w: Words): Pick<Chip, "state" | "why"> {
  const refused = pairs.filter((pair) => pair.outcome === "refused");
  const first = refused[0];
  if (first) {
    const why = first.message ?? first.code ?? "";
    const image = images.find((one) => one.id === first.image);
    const isOfImage = images.length > 1 && refused.length < pairs.length && image;
    return { state: "bad", why: isOfImage ? t("why.image", { image: image.name ?? image.id, why }) : why };
  }
  const [one] = pairs;
  if (one?.state && pairs.every((pair) => pair.outcome === "already_shared")) {
    return { state: "has", why: t("has", { status: w(`share.${one.state}`) }) };
  }
  return { state: "good" };
}

/** The chips of the share dialog; each is asked of the server as soon as it is there. */
export function useChips(images: Image[]) {
  const { api, region } = usePlace();
  const t = useTexts(texts);
  const w = useWords();
  const [chips, setChips] = useState<Chip[]>([]);
  const now = useRef(chips);
  now.current = chips;
  const put = useCallback(
    (chip: Chip) => setChips((all) => all.map((one) => (one.id === chip.id ? chip : one))),
    [],
  );

  const check = useCallback(
    async (id: string) => {
      const named = ok(api.GET("/api/v1/tenants/resolve", { params: { query: { id } } })).catch(() => null);
      try {
        const report = await ok(
          api.POST("/api/v1/shares", {
            body: {
              images: images.map((image) => image.id),
              recipients: [id],
              dry_run: true,
              mode: "partial",
              acknowledge: true,
            },
          }),
        );
        const name = (await named)?.name ?? report.results[0]?.resolved?.name ?? undefined;
        put({ id, name, ...judge(report.results, images, t, w) });
      } catch (error) {
        put({ id, state: "bad", why: toApiError(error).message });
      }
    },
    [api, images, put, t, w],
  );

  const add = useCallback(
    (parsed: ParsedId[]) => {
      const fresh = parsed.filter(({ id }) => !now.current.some((chip) => chip.id === id));
      setChips((all) => [
        ...all,
        ...fresh.map(({ id, region: of }): Chip => {
          if (of && of !== region)
            return { id, state: "bad", why: t("why.region", { x: id, r: of, here: region }) };
          if (!looksLikeId(id)) return { id, state: "bad", why: t("why.shape", { x: id }) };
          return { id, state: "checking" };
        }),
      ]);
      for (const { id, region: of } of fresh) {
        if ((!of || of === region) && looksLikeId(id)) void check(id);
      }
    },
    [check, region, t],
  );

  /** Leaves only what a report refused, with why. */
  const keepRefused = useCallback(
    (report: ShareReport) =>
      setChips((all) =>
        all.flatMap((chip) => {
          const pairs = report.results.filter(
            (pair) => pair.recipient === chip.id && pair.outcome === "refused",
          );
          return pairs.length ? [{ ...chip, ...judge(pairs, images, t, w) }] : [];
        }),
      ),
    [images, t, w],
  );

  return {
    chips,
    add,
    keepRefused,
    remove: (ids: string[]) => setChips((all) => all.filter((chip) => !ids.includes(chip.id))),
  };
}
