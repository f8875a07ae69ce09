import Badge from "@cloudscape-design/components/badge";
import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { placePath, usePlace, usePolicy } from "~/api/context";
import { useSession } from "~/api/session";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRowActs } from "~/images/acts";
import { ImageName } from "~/images/columns";
import { ImageList, useBulkDialog } from "~/images/ImageList";
import { useImages } from "~/images/queries";
import { hasPage } from "~/pages";
import { useElsewhere } from "~/shell/ContextSwitcher";
import { Help } from "~/shell/frame";
import { Go, to } from "~/shell/links";
import { Empty } from "~/table/List";
import type { Column } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { PendingBar } from "./PendingBar";
import { texts } from "./texts";

const REJECTED = { view: "received", state: "rejected" };
const FRESH_HOURS = 24;
const isFresh = ({ share }: Image) =>
  share !== null &&
  share !== undefined &&
  Date.now() - new Date(share.created_at).getTime() < FRESH_HOURS * 3_600_000;

export default function SharedImages() {
  const t = useTexts(texts);
  const w = useWords();
  const { path, key } = usePlace();
  const loadRejected = useImages(REJECTED);
  const acts = useRowActs();
  const opens = useBulkDialog(useDialog());
  const isAutomatic = usePolicy()("share.acceptance") === "automatic";
  const { data: rejected } = useQuery({
    queryKey: [...key, "images", "rejected-count"],
    queryFn: async ({ signal }) => (await loadRejected({ limit: 1, total: true }, signal)).total?.count ?? 0,
  });
  const marked = (column: Column<Image>): Column<Image> =>
    column.id === "name" && isAutomatic
      ? {
          ...column,
          cell: (image) => (
            <>
              <ImageName image={image} /> {isFresh(image) && <Badge color="blue">{t("fresh")}</Badge>}
            </>
          ),
        }
      : column;
  return (
    <ImageList
      of="shared"
      title={w("tab.shared")}
      adapt={marked}
      bulk={(images) => [
        opens("remove", w("act.remove"), images, "reject"),
        opens("replicate", w("act.replicate"), images, "replicate"),
      ]}
      quick={acts.quick}
      menu={acts.received}
      above={<PendingBar />}
      tools={
        !isAutomatic && (
          <Button variant="link" href={to(path("images/shared/rejected"))}>
            {rejected
              ? t("rejectedCount", { title: w("act.rejectedList"), n: rejected })
              : w("act.rejectedList")}
          </Button>
        )
      }
      empty={<Nothing />}
    >
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
        <p>{t("help.rejected")}</p>
      </Help>
    </ImageList>
  );
}

/** How to receive images, and where else something waits. */
function Nothing() {
  const t = useTexts(texts);
  const w = useWords();
  const place = usePlace();
  const elsewhere = useElsewhere();
  const { projects } = useSession();
  const waiting = projects
    .map((project) => ({ region: project.region ?? place.region, project }))
    .filter(({ region, project }) => (elsewhere(region, project.id)?.pending.count ?? 0) > 0)
    .filter(({ region, project }) => region !== place.region || project.id !== place.project);
  return (
    <Empty
      picture={<Picture of="inbox" />}
      title={t("empty.title", { project: place.info.name, region: place.region })}
      text={
        <>
          {t("empty.text")} <CopyText text={place.project} />
          {hasPage("me", "credentials") && (
            <div>
              <Go to="/me/credentials">{w("me.credentials")}</Go>
            </div>
          )}
          {waiting.length > 0 && <div>{t("empty.other")}</div>}
          {waiting.map(({ region, project }) => (
            <div key={`${region}/${project.id}`}>
              <Go to={placePath({ region, project: project.id }, "images/shared")}>
                {project.name} ({region}) <span className="lg-dot" aria-hidden="true" />
              </Go>
            </div>
          ))}
        </>
      }
    />
  );
}
