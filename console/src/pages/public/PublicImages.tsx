import "~/images/images.css";
import { useMemo } from "react";
import { useSession } from "~/api/session";
import type { Image } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useBulk, useRowActs } from "~/images/acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "~/images/columns";
import { ImagePanel } from "~/images/ImagePanel";
import { ImagesFrame } from "~/images/ImagesFrame";
import { useImages } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import { Help } from "~/shell/frame";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { OsTiles } from "./OsTiles";
import { texts } from "./texts";

const QUERY = { view: "public" };
const KEY = ["images", "public"];
const BY_NAME = { key: "name", descending: false };
const idOf = (image: Image) => image.id;

/** What the operator offers to everybody. */
export default function PublicImages() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { operator } = useSession();
  const columns = useImageColumns();
  const shared = useImageFilters("received");
  const load = useImages(QUERY);
  const imagePath = useImagePath();
  const acts = useRowActs();
  const bulk = useBulk();
  const dialog = useDialog();
  const filters = useMemo(
    () =>
      operator
        ? [
            ...shared,
            {
              key: "hidden",
              label: t("hidden"),
              values: t("hiddenValues"),
              options: [{ value: "true", label: i("yes") }],
            },
          ]
        : shared,
    [operator, shared, t, i],
  );
  const updated: Column<Image> = {
    id: "updated",
    header: t("updated"),
    sort: "updated_at",
    width: 120,
    cell: (image) => <Ago at={image.updated_at} />,
    csv: (image) => image.updated_at,
  };
  return (
    <ImagesFrame tab="public">
      <List<Image>
        id="images-public"
        title={w("tab.public")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={[
          columns.name,
          columns.os,
          { ...columns.arch, isHidden: false, width: 120 },
          { ...columns.boot, isHidden: false, width: 110 },
          columns.disk,
          { ...columns.memory, isHidden: false, width: 130 },
          columns.size,
          updated,
          { ...columns.status, isHidden: true },
          { ...columns.type, isHidden: true },
          columns.tags,
          columns.id,
        ]}
        filters={filters}
        defaultSort={BY_NAME}
        bulk={(images) => [
          bulk("replicate", w("act.replicate"), images, "replicate", (all) =>
            dialog("replicate", all.map(idOf)),
          ),
        ]}
        quick={(image) => acts.quick(image).filter((act) => act.id !== "modify")}
        menu={acts.open}
        rowPath={imagePath}
        cli={(image) => `lend image show ${image.id}`}
        panel={(images) => <ImagePanel images={images} />}
        above={<OsTiles fixed={QUERY} />}
        empty={<Empty picture={<Picture of="images" />} title={t("empty.title")} text={t("empty.text")} />}
      />
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
      </Help>
    </ImagesFrame>
  );
}
