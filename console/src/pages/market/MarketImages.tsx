import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useBulk, useRowActs } from "~/images/acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "~/images/columns";
import { ImagePanel } from "~/images/ImagePanel";
import { ImagesFrame } from "~/images/ImagesFrame";
import { useImages } from "~/images/queries";
import { Help } from "~/shell/frame";
import { Empty, List } from "~/table/List";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

const QUERY = { published: true };
const KEY = ["images", "market"];
const NEWEST = { key: "created_at", descending: true };
const idOf = (image: Image) => image.id;

/** What was published. */
export default function MarketImages() {
  const t = useTexts(texts);
  const w = useWords();
  const columns = useImageColumns();
  const filters = useImageFilters("received");
  const load = useImages(QUERY);
  const imagePath = useImagePath();
  const acts = useRowActs();
  const bulk = useBulk();
  const dialog = useDialog();
  return (
    <ImagesFrame tab="market">
      <List<Image>
        id="images-market"
        title={w("tab.market")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={[
          columns.name,
          columns.status,
          columns.os,
          columns.type,
          columns.disk,
          { ...columns.sharedBy, id: "owner", header: t("owner") },
          columns.size,
          columns.created,
          columns.tags,
          columns.id,
        ]}
        filters={filters}
        defaultSort={NEWEST}
        bulk={(images) => [
          bulk("replicate", w("act.replicate"), images, "replicate", (all) =>
            dialog("replicate", all.map(idOf)),
          ),
        ]}
        quick={(image) => acts.quick(image).filter((act) => act.id !== "modify" || !act.refused)}
        menu={(image) => (image.relation === "owner" ? acts.own(image) : acts.open(image))}
        rowPath={imagePath}
        cli={(image) => `lend image show ${image.id}`}
        panel={(images) => <ImagePanel images={images} />}
        empty={<Empty picture={<Picture of="images" />} title={t("empty.title")} text={t("empty.text")} />}
      />
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
      </Help>
    </ImagesFrame>
  );
}
