import { useState } from "react";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { needsVault, useBulk, useRowActs } from "~/images/acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "~/images/columns";
import { ImagePanel } from "~/images/ImagePanel";
import { ImagesFrame } from "~/images/ImagesFrame";
import { useAnswer, useImages } from "~/images/queries";
import { hasPage } from "~/pages";
import { Go } from "~/shell/links";
import { Empty, List } from "~/table/List";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

const QUERY = { view: "received", state: "rejected" };
const KEY = ["images", "rejected"];
const idOf = (image: Image) => image.id;

/** What was rejected and is still shared. */
export default function RejectedImages() {
  const t = useTexts(texts);
  const w = useWords();
  const { path } = usePlace();
  const columns = useImageColumns();
  const filters = useImageFilters("received");
  const load = useImages(QUERY);
  const imagePath = useImagePath();
  const acts = useRowActs();
  const bulk = useBulk();
  const answer = useAnswer();
  const dialog = useDialog();
  const [selected, setSelected] = useState<Image[]>([]);
  const accept = (images: Image[]) =>
    images.some(needsVault) ? dialog("accept", images.map(idOf)) : void answer("accept", images.map(idOf));
  return (
    <ImagesFrame tab="shared" crumb={{ text: w("act.rejectedList"), path: "images/shared/rejected" }}>
      <List<Image>
        id="images-rejected"
        title={w("act.rejectedList")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={[
          columns.name,
          columns.type,
          columns.os,
          columns.disk,
          columns.sharedBy,
          columns.rejected,
          columns.note,
          columns.id,
        ]}
        filters={filters}
        onSelection={setSelected}
        bulk={() => [bulk("accept", w("act.accept"), selected, "accept", accept)]}
        quick={acts.answers}
        menu={acts.received}
        rowPath={
          hasPage("project", "images/:id")
            ? imagePath
            : (image) => path(`images/shared/rejected?sel=${image.id}`)
        }
        cli={(image) => `lend share accept ${image.id}`}
        panel={(images) => <ImagePanel images={images} />}
        above={
          <div>
            <Go to={path("images/shared")}>‹ {t("back", { tab: w("tab.shared") })}</Go>
            <div className="lg-muted">{t("rejected.note")}</div>
          </div>
        }
        empty={<Empty picture={<Picture of="inbox" />} title={t("rejected.empty")} />}
      />
    </ImagesFrame>
  );
}
