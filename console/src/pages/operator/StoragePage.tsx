import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { Page } from "~/ui/Page";
import { texts } from "./texts";

type RegionStorage = Schema<"StorageView">;

const KEY = ["operator", "storage"];
const idOf = (one: RegionStorage) => one.region;
const wordsOf = (one: RegionStorage) => [one.region];

/** What the stores hold. */
export default function StoragePage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const { bytes, number } = useFormat();
  const load = useWhole<RegionStorage>(
    useCallback(async () => (await ok(api.GET("/api/v1/storage"))).regions, [api]),
    wordsOf,
  );
  const columns = useMemo((): Column<RegionStorage>[] => {
    const saved = (one: RegionStorage) => Math.max(0, one.image_bytes - one.bytes);
    return [
      {
        id: "region",
        header: t("region"),
        cell: (one) => <span className="lg-row-name">{one.region}</span>,
        csv: idOf,
      },
      { id: "images", header: t("images"), cell: (one) => number(one.images), csv: (one) => one.images },
      {
        id: "imageBytes",
        header: t("imageBytes"),
        minWidth: 130,
        cell: (one) => bytes(one.image_bytes),
        csv: (one) => one.image_bytes,
      },
      { id: "blobs", header: t("blobs"), cell: (one) => number(one.blobs), csv: (one) => one.blobs },
      {
        id: "bytes",
        header: t("blobBytes"),
        minWidth: 130,
        cell: (one) => bytes(one.bytes),
        csv: (one) => one.bytes,
      },
      {
        id: "saved",
        header: t("saved"),
        minWidth: 130,
        cell: (one) =>
          t("savedOf", {
            bytes: bytes(saved(one)),
            percent: one.image_bytes > 0 ? Math.round((100 * saved(one)) / one.image_bytes) : 0,
          }),
        csv: saved,
      },
      {
        id: "filling",
        header: t("filling"),
        spare: 1,
        cell: (one) => number(one.filling),
        csv: (one) => one.filling,
      },
      {
        id: "dying",
        header: t("dying"),
        minWidth: 130,
        cell: (one) => t("dyingOf", { n: one.dying, bytes: bytes(one.dying_bytes) }),
        csv: (one) => one.dying_bytes,
      },
      {
        id: "free",
        header: t("free"),
        minWidth: 130,
        cell: (one) => (one.free_bytes == null ? t("unknown") : bytes(one.free_bytes)),
        csv: (one) => one.free_bytes,
      },
    ];
  }, [t, bytes, number]);
  return (
    <Page title={t("storage")} path="/operator/storage" text={t("storage.text")}>
      <List<RegionStorage>
        id="operator-storage"
        title={t("storage")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={idOf}
        columns={columns}
        cli={() => "lend operator storage"}
        empty={<Empty title={t("storage")} />}
      />
    </Page>
  );
}
