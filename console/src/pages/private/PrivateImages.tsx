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
import { ImageList, idOf, useBulkDialog } from "~/images/ImageList";
import { useImageActs } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import { hasPage } from "~/pages";
import { Help } from "~/shell/frame";
import { to } from "~/shell/links";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { Empty } from "~/table/List";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

export default function PrivateImages() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const s = useTexts(shellTexts);
  const w = useWords();
  const { path } = usePlace();
  const dialog = useDialog();
  const acts = useRowActs();
  const bulk = useBulk();
  const opens = useBulkDialog(dialog);
  const [selected, setSelected] = useState<Image[]>([]);
  const { changeAll } = useImageActs();
  const protect = (images: Image[]) => {
    const open = images.filter((image) => image.actions.update?.allowed && !image.protected);
    void changeAll(open, { protected: true });
  };
  const share = opens("share", w("act.share"), selected, "share");
  useShortcuts({
    s: share.refused ? undefined : { text: s("keys.share"), run: () => dialog("share", selected.map(idOf)) },
  });
  return (
    <ImageList
      of="private"
      title={w("tab.private")}
      onSelection={setSelected}
      bulk={(images) => [
        opens("delete", w("act.delete"), images, "delete"),
        { ...share, isPrimary: images.length > 0 && !share.refused },
        ...[
          opens("unshare", w("act.unshare"), images, "unshare"),
          opens("tags", w("act.tags"), images, "update"),
          bulk("protect", w("act.protect"), images, "update", protect),
        ].map((act) => ({ ...act, isMore: true })),
      ]}
      actsWidth={130}
      quick={acts.quick}
      menu={acts.own}
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
    >
      <Help title={t("help.title")}>
        <p>{t("help.own")}</p>
        <p>{t("help.share")}</p>
        <p>{t("help.unshare")}</p>
      </Help>
    </ImageList>
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
