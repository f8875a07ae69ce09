import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
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
  /** Bad by its form, whatever the images. */
  isMalformed?: boolean;
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

/** An image that would certainly run out of slots: even if everybody who has it were among the ids. */
export function overfull(images: Image[], ids: number, countsPending: boolean): Image | undefined {
  if (!countsPending) return undefined;
  return images.find(({ actions, shares }) => {
    const left = actions.share?.slots_left;
    return typeof left === "number" && ids - (shares ?? 0) > left;
  });
}

/**
 * The ids that images are to be shared with: the server is asked of all new ones in one call, and of none
 * while they are more than can be sent. Before there is an image (`null`) it is asked whom each means; no
 * more than `ceiling` can hold the image then.
 */
export function useChips(images: Image[] | null, ceiling = Number.POSITIVE_INFINITY) {
  const { api, region } = usePlace();
  const policy = usePolicy();
  const t = useTexts(texts);
  const w = useWords();
  const [chips, setChips] = useState<Chip[]>([]);
  const now = useRef(chips);
  now.current = chips;
  const asked = useRef(new Set<string>());
  // What was said of an id holds for the images that it was asked about.
  const which = images?.map((image) => image.id).join();
  const judged = useRef(which);
  useEffect(() => {
    if (judged.current === which) return;
    judged.current = which;
    asked.current.clear();
    setChips((all) =>
      all.map(({ id, name, ...chip }) =>
        chip.isMalformed ? { id, name, ...chip } : { id, name, state: "checking" },
      ),
    );
  }, [which]);
  const put = useCallback((found: Chip[]) => {
    const known = new Map(found.map((chip) => [chip.id, chip]));
    setChips((all) => all.map((one) => known.get(one.id) ?? one));
  }, []);

  const resolve = useCallback(
    async (id: string) => {
      try {
        const { name } = await ok(api.GET("/api/v1/tenants/resolve", { params: { query: { id } } }));
        put([{ id, name: name ?? undefined, state: "good" }]);
      } catch (error) {
        put([{ id, state: "bad", why: toApiError(error).message }]);
      } finally {
        asked.current.delete(id);
      }
    },
    [api, put],
  );
  const check = useCallback(
    async (images: Image[], ids: string[]) => {
      try {
        const report = await ok(
          api.POST("/api/v1/shares", {
            body: {
              images: images.map((image) => image.id),
              recipients: ids,
              dry_run: true,
              mode: "partial",
              acknowledge: true,
            },
          }),
        );
        if (judged.current !== which) return;
        put(
          ids.map((id) => {
            const pairs = report.results.filter((pair) => pair.recipient === id);
            return { id, name: pairs[0]?.resolved?.name ?? undefined, ...judge(pairs, images, t, w) };
          }),
        );
      } catch (error) {
        const why = toApiError(error).message;
        if (judged.current !== which) return;
        put(ids.map((id) => ({ id, state: "bad", why })));
      } finally {
        for (const id of ids) asked.current.delete(id);
      }
    },
    [api, put, t, w, which],
  );

  const add = useCallback(
    (parsed: ParsedId[]) => {
      const fresh = parsed.filter(({ id }) => !now.current.some((chip) => chip.id === id));
      setChips((all) => [
        ...all,
        ...fresh.map(({ id, region: of }): Chip => {
          if (of && of !== region)
            return {
              id,
              state: "bad",
              why: t("why.region", { x: id, r: of, here: region }),
              isMalformed: true,
            };
          if (!looksLikeId(id))
            return { id, state: "bad", why: t("why.shape", { x: id }), isMalformed: true };
          return { id, state: "checking" };
        }),
      ]);
    },
    [region, t],
  );

  const most = policy("share.max_ids_per_request");
  const countsPending = policy("share.pending_counts") === true;
  const max = Math.min(
    typeof most === "number" ? most : 256,
    countsPending ? ceiling : Number.POSITIVE_INFINITY,
  );
  const full = useMemo(
    () => overfull(images ?? [], chips.length, countsPending),
    [images, chips.length, countsPending],
  );
  const tooMany =
    chips.length > max
      ? t("needs.fewer", { n: chips.length, max })
      : full
        ? t("needs.slots", {
            image: full.name ?? full.id,
            left: full.actions.share?.slots_left ?? 0,
            n: chips.length,
          })
        : undefined;
  useEffect(() => {
    if (tooMany || images?.length === 0) return;
    const fresh = chips.filter(({ id, state }) => state === "checking" && !asked.current.has(id));
    if (!fresh.length) return;
    for (const { id } of fresh) asked.current.add(id);
    if (images)
      void check(
        images,
        fresh.map(({ id }) => id),
      );
    else for (const { id } of fresh) void resolve(id);
  }, [chips, check, images, resolve, tooMany]);

  /** Leaves only what a report refused, with why. */
  const keepRefused = useCallback(
    (report: ShareReport) =>
      setChips((all) =>
        all.flatMap((chip) => {
          const pairs = report.results.filter(
            (pair) => pair.recipient === chip.id && pair.outcome === "refused",
          );
          return pairs.length ? [{ ...chip, ...judge(pairs, images ?? [], t, w) }] : [];
        }),
      ),
    [images, t, w],
  );

  return {
    chips,
    max,
    /** Why so many cannot be sent, whatever they are. */
    tooMany,
    add,
    keepRefused,
    remove: (ids: string[]) => setChips((all) => all.filter((chip) => !ids.includes(chip.id))),
  };
}
