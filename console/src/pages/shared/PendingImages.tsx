import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useAcceptAll } from "~/images/acceptAll";
import { needsVault, useBulk, useRowActs } from "~/images/acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "~/images/columns";
import { ImagePanel } from "~/images/ImagePanel";
import { ImagesFrame } from "~/images/ImagesFrame";
import { useAnswer, useImages, usePending } from "~/images/queries";
import { hasPage } from "~/pages";
import { Go } from "~/shell/links";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { Empty, List } from "~/table/List";
import { useRefusal } from "~/ui/may";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

const QUERY = { view: "received", state: "pending" };
const KEY = ["images", "pending"];
const idOf = (image: Image) => image.id;

/** The offers that wait for an answer. */
export default function PendingImages() {
  const t = useTexts(texts);
  const s = useTexts(shellTexts);
  const w = useWords();
  const { path } = usePlace();
  const columns = useImageColumns();
  const filters = useImageFilters("received");
  const load = useImages(QUERY);
  const imagePath = useImagePath();
  const acts = useRowActs();
  const bulk = useBulk();
  const answer = useAnswer();
  const acceptAll = useAcceptAll();
  const dialog = useDialog();
  const pending = usePending();
  const refused = useRefusal("ims:shares:answer");
  const [selected, setSelected] = useState<Image[]>([]);
  const accept = (images: Image[]) =>
    images.some(needsVault) ? dialog("accept", images.map(idOf)) : void answer("accept", images.map(idOf));
  const reject = (images: Image[]) => void answer("reject", images.map(idOf));
  const acceptAct = bulk("accept", w("act.accept"), selected, "accept", accept);
  const rejectAct = bulk("reject", w("act.reject"), selected, "reject", reject);
  useShortcuts({
    a: acceptAct.refused ? undefined : { text: s("keys.accept"), run: () => accept(selected) },
    x: rejectAct.refused ? undefined : { text: s("keys.reject"), run: () => reject(selected) },
  });
  return (
    <ImagesFrame tab="shared" crumb={{ text: t("pending.crumb"), path: "images/shared/pending" }}>
      <List<Image>
        id="images-pending"
        title={t("pending.crumb")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={[
          columns.name,
          columns.type,
          columns.disk,
          columns.os,
          columns.sharedBy,
          columns.since,
          columns.note,
          columns.vault,
          columns.arch,
          columns.boot,
          columns.tags,
          columns.id,
        ]}
        filters={filters}
        onSelection={setSelected}
        bulk={() => [{ ...acceptAct, isPrimary: !acceptAct.refused }, rejectAct]}
        quick={acts.answers}
        menu={acts.received}
        rowPath={
          hasPage("project", "images/:id")
            ? imagePath
            : (image) => path(`images/shared/pending?sel=${image.id}`)
        }
        cli={(image) => `lend share accept ${image.id}`}
        panel={(images) => <ImagePanel images={images} />}
        above={
          <Go to={path("images/shared")} fontSize="body-m">
            ‹ {t("back", { tab: w("tab.shared") })} · {t("pending.title", { n: pending })}
          </Go>
        }
        tools={
          pending > 0 && (
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={Boolean(refused)} disabledReason={refused} onClick={() => void acceptAll()}>
                {w("act.acceptAll")}
              </Button>
              <Button
                disabled={Boolean(refused)}
                disabledReason={refused}
                onClick={() => dialog("reject-all")}
              >
                {w("act.rejectAll")}
              </Button>
            </SpaceBetween>
          )
        }
        empty={<Empty picture={<Picture of="inbox" />} title={t("pending.empty")} />}
      />
    </ImagesFrame>
  );
}
