import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useBulk, useRowActs } from "~/images/acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "~/images/columns";
import { ImagePanel } from "~/images/ImagePanel";
import { ImagesFrame } from "~/images/ImagesFrame";
import { useImageActs, useImages } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import { hasPage } from "~/pages";
import { Help } from "~/shell/frame";
import { to } from "~/shell/links";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { Empty, List } from "~/table/List";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

const QUERY = { view: "owned" };
const KEY = ["images", "private"];
const NEWEST = { key: "created_at", descending: true };
const idOf = (image: Image) => image.id;

export default function PrivateImages() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const s = useTexts(shellTexts);
  const w = useWords();
  const { path } = usePlace();
  const columns = useImageColumns();
  const filters = useImageFilters("own");
  const load = useImages(QUERY);
  const imagePath = useImagePath();
  const dialog = useDialog();
  const acts = useRowActs();
  const bulk = useBulk();
  const [selected, setSelected] = useState<Image[]>([]);
  const share = (images: Image[]) => dialog("share", images.map(idOf));
  const { changeAll } = useImageActs();
  const protect = (images: Image[]) => {
    const open = images.filter((image) => image.actions.update?.allowed && !image.protected);
    void changeAll(open, { protected: true });
  };
  const shareAct = bulk("share", w("act.share"), selected, "share", share);
  useShortcuts({ s: shareAct.refused ? undefined : { text: s("keys.share"), run: () => share(selected) } });
  return (
    <ImagesFrame tab="private">
      <List<Image>
        id="images-private"
        title={w("tab.private")}
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
          columns.sharedWith,
          columns.encrypted,
          columns.boot,
          columns.arch,
          columns.size,
          columns.source,
          columns.tags,
          columns.created,
          columns.memory,
          columns.id,
        ]}
        filters={filters}
        defaultSort={NEWEST}
        onSelection={setSelected}
        bulk={(images) => [
          bulk("delete", w("act.delete"), images, "delete", (all) => dialog("delete", all.map(idOf))),
          { ...shareAct, isPrimary: images.length > 0 && !shareAct.refused },
          bulk("unshare", w("act.unshare"), images, "unshare", (all) => dialog("unshare", all.map(idOf))),
          bulk("tags", w("act.tags"), images, "update", (all) => dialog("tags", all.map(idOf))),
          bulk("protect", w("act.protect"), images, "update", (all) => protect(all)),
        ]}
        quick={acts.quick}
        menu={acts.own}
        rowPath={
          hasPage("project", "images/:id") ? imagePath : (image) => path(`images/private?sel=${image.id}`)
        }
        cli={(image) => `lend image show ${image.id}`}
        panel={(images) => <ImagePanel images={images} />}
        sum={(images) => i("gb", { n: images.reduce((all, one) => all + (one.disk_capacity_gib ?? 0), 0) })}
        above={<Counters />}
        empty={
          <Empty
            picture={<Picture of="images" />}
            title={t("empty.title")}
            text={t("empty.text")}
            action={
              <SpaceBetween size="xs" direction="horizontal">
                {hasPage("project", "images/new") && (
                  <Button variant="primary" href={to(path("images/new"))}>
                    {w("act.create")}
                  </Button>
                )}
                <Button href={to(path("images/shared"))}>{w("tab.shared")}</Button>
              </SpaceBetween>
            }
          />
        }
      />
      <Help title={t("help.title")}>
        <p>{t("help.own")}</p>
        <p>{t("help.share")}</p>
        <p>{t("help.unshare")}</p>
      </Help>
    </ImagesFrame>
  );
}

/** How much of the quotas is left. */
function Counters() {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const { data } = useQuery({ queryKey: [...key, "quota"], queryFn: () => ok(api.GET("/api/v1/quota")) });
  if (!data) return null;
  const { private_images: own, shared_images: shared } = data;
  const lines = [
    typeof own.limit === "number"
      ? t("left", { n: Math.max(0, own.limit - own.used), used: own.used, max: own.limit })
      : null,
    typeof shared.limit === "number"
      ? t("sharing", { n: shared.used, max: shared.limit })
      : t("sharingFree", { n: shared.used }),
  ];
  return <div className="lg-muted">{lines.filter(Boolean).join(" · ")}</div>;
}
