import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRowActs } from "~/images/acts";
import { ImageList, useBulkDialog } from "~/images/ImageList";
import { Help } from "~/shell/frame";
import { Empty } from "~/table/List";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

/** What was published, by anybody in the region. */
export default function MarketImages() {
  const t = useTexts(texts);
  const w = useWords();
  const acts = useRowActs();
  const opens = useBulkDialog(useDialog());
  return (
    <ImageList
      of="market"
      title={w("tab.market")}
      bulk={(images) => [opens("replicate", w("act.replicate"), images, "replicate")]}
      quick={(image) => acts.quick(image).filter((act) => act.id !== "modify" || !act.refused)}
      menu={(image) => (image.relation === "market" ? acts.open(image) : acts.own(image))}
      empty={<Empty picture={<Picture of="images" />} title={t("empty.title")} text={t("empty.text")} />}
    >
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
      </Help>
    </ImageList>
  );
}
