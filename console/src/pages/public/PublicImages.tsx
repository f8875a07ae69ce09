import { useMemo } from "react";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRowActs } from "~/images/acts";
import { ImageList, useBulkDialog } from "~/images/ImageList";
import { imageTexts } from "~/images/texts";
import { Help } from "~/shell/frame";
import { Empty } from "~/table/List";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { OsTiles } from "./OsTiles";
import { texts } from "./texts";

/** What the operator offers to everybody. */
export default function PublicImages() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { operator } = useSession();
  const acts = useRowActs();
  const opens = useBulkDialog(useDialog());
  const more = useMemo(
    () =>
      operator
        ? [
            {
              key: "hidden",
              label: t("hidden"),
              values: t("hiddenValues"),
              options: [{ value: "true", label: i("yes") }],
            },
          ]
        : [],
    [operator, t, i],
  );
  return (
    <ImageList
      of="public"
      title={w("tab.public")}
      more={more}
      bulk={(images) => [opens("replicate", w("act.replicate"), images, "replicate")]}
      quick={(image) => acts.quick(image).filter((act) => act.id !== "modify")}
      menu={acts.open}
      above={<OsTiles view="public" />}
      empty={<Empty picture={<Picture of="images" />} title={t("empty.title")} text={t("empty.text")} />}
    >
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
      </Help>
    </ImageList>
  );
}
