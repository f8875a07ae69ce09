import "~/images/images.css";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Navigate, useParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { toApiError } from "~/api/errors";
import type { Image } from "~/api/types";
import { useSharePage } from "~/dialogs/tenants/tenants";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRowActs } from "~/images/acts";
import { ImageStatus, nameOf, useImagePath } from "~/images/columns";
import { useImage } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import { ContextSwitcher } from "~/shell/ContextSwitcher";
import { Help, useFrame } from "~/shell/frame";
import { to } from "~/shell/links";
import { PageLoading } from "~/shell/Shell";
import { ActButton } from "~/table/List";
import { RowMenu } from "~/table/RowMenu";
import type { Act } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { ActivityTab } from "./ActivityTab";
import { BackupsTab } from "./BackupsTab";
import { InspectionTab } from "./InspectionTab";
import { LineageTab } from "./LineageTab";
import { Summary } from "./Summary";
import { TagsTab } from "./TagsTab";
import { TenantsTab } from "./TenantsTab";
import { texts } from "./texts";

const TABS = ["summary", "tenants", "backups", "tags", "lineage", "inspection", "activity"] as const;
type Tab = (typeof TABS)[number];

/** Everything about one image. */
export default function ImagePage() {
  const { id = "", tab } = useParams();
  const { path } = usePlace();
  const { data, error, isPending, refetch } = useImage(id);
  const known = TABS.find((one) => one === tab);
  if (error) {
    const { status } = toApiError(error);
    if (status === 404 || status === 400) return <Gone />;
    return (
      <Box padding="xl">
        <Failure error={error} retry={() => void refetch()} />
      </Box>
    );
  }
  // While another image is read, the answer is that of the one before.
  if (isPending || data.id !== id.toLowerCase()) return <PageLoading />;
  const shown = tabsOf(data);
  if (!known || !shown.includes(known))
    return <Navigate replace to={path(`images/${data.id}/${shown[0] ?? "summary"}`)} />;
  return <Details image={data} tab={known} tabs={shown} />;
}

/** The tabs that say something about this image to this project. */
function tabsOf(image: Image): Tab[] {
  const isOwn = image.relation === "owner" || image.relation === "operator";
  const isOpen = image.visibility === "public" || image.visibility === "community";
  return TABS.filter((tab) => {
    if (tab === "tenants") return isOwn && !isOpen;
    if (tab === "inspection") return isOwn;
    if (tab === "backups") return image.kind === "full_server";
    return true;
  });
}

/** What stands where an image was, or never was. */
function Gone() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { info, region, path } = usePlace();
  const [isOpen, setOpen] = useState(false);
  useFrame(i("title"), [{ text: i("title"), href: path("images/private") }]);
  return (
    <Box textAlign="center" padding="xxxl">
      <Box variant="h1">{t("gone.title", { project: info.name, region })}</Box>
      <Box variant="p">{t("gone.text")}</Box>
      <div className="lg-centred">
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="primary" href={to(path("images/shared"))}>
            {w("tab.shared")}
          </Button>
          <Button onClick={() => setOpen(true)}>{t("gone.switch")}</Button>
        </SpaceBetween>
      </div>
      {isOpen && <ContextSwitcher close={() => setOpen(false)} />}
    </Box>
  );
}

/** The list an image is found in. */
function listOf(image: Image): "private" | "shared" | "public" | "market" {
  if (image.relation === "market") return "market";
  if (image.relation === "recipient") return "shared";
  return image.relation === "owner" ? "private" : "public";
}

function Details({ image, tab, tabs }: { image: Image; tab: Tab; tabs: Tab[] }) {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { path } = usePlace();
  const imagePath = useImagePath();
  const list = listOf(image);
  useFrame(nameOf(image), [
    { text: i("title"), href: path("images/private") },
    { text: w(`tab.${list}`), href: path(`images/${list}`) },
    { text: nameOf(image), href: imagePath(image) },
  ]);
  const content: Record<Tab, ReactNode> = {
    summary: <Summary image={image} />,
    tenants: <TenantsTab image={image} />,
    backups: <BackupsTab image={image} />,
    tags: <TagsTab image={image} />,
    lineage: <LineageTab image={image} />,
    inspection: <InspectionTab image={image} />,
    activity: <ActivityTab image={image} />,
  };
  return (
    <div className="lg-image" data-image={image.id}>
      <Header variant="h1" actions={<Acts image={image} />}>
        {nameOf(image)}
      </Header>
      <Marks image={image} />
      <Progress image={image} />
      <nav className="lg-tabs" aria-label={t("tabs")}>
        {tabs.map((one) => (
          <a
            key={one}
            href={to(path(`images/${image.id}/${one}`))}
            aria-current={one === tab ? "page" : undefined}
          >
            {one === "tenants" && image.shares ? t("tab.tenantsCount", { n: image.shares }) : t(`tab.${one}`)}
          </a>
        ))}
      </nav>
      {content[tab]}
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
      </Help>
    </div>
  );
}

/** What can be done with the image, as the server allows it. */
function Acts({ image }: { image: Image }) {
  const w = useWords();
  const acts = useRowActs();
  const imagePath = useImagePath();
  const server = (image: Image) => acts.quick(image).filter((act) => act.id !== "modify");
  const isWaiting = image.share && image.share.state !== "accepted";
  const all = ((): { quick: Act[]; menu: Act[] } => {
    if (image.relation === "owner" && image.visibility !== "public") {
      const [share, ...menu] = acts.own(image);
      return { quick: [...acts.quick(image), ...(share ? [share] : [])], menu };
    }
    if (image.relation === "recipient") {
      const [replicate, ...menu] = acts.received(image);
      return isWaiting || replicate?.id !== "replicate"
        ? { quick: isWaiting ? acts.answers(image) : [], menu: acts.received(image) }
        : { quick: [...server(image), replicate], menu };
    }
    const [replicate, ...menu] = acts.open(image);
    return { quick: [...server(image), ...(replicate ? [replicate] : [])], menu };
  })();
  const main = all.quick.find((act) => !act.refused && (act.id === "share" || act.id === "accept"));
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {all.quick.map((act) => (
        <ActButton key={act.id} act={{ ...act, isPrimary: act === main }} />
      ))}
      <RowMenu
        id={image.id}
        name={nameOf(image)}
        acts={all.menu}
        path={imagePath(image)}
        cli={`lend image show ${image.id}`}
        text={w("act.more")}
      />
    </SpaceBetween>
  );
}

/** What one wants to know of an image at once, beside its name. */
function Marks({ image }: { image: Image }) {
  const t = useTexts(texts);
  const isOwn = image.relation === "owner";
  return (
    <div className="lg-marks">
      <ImageStatus image={image} />
      {isOwn && image.visibility !== "public" && <SharedMark image={image} />}
      {image.visibility === "public" && <StatusIndicator type="info">{t("public")}</StatusIndicator>}
      {image.visibility === "community" && <StatusIndicator type="info">{t("community")}</StatusIndicator>}
      {image.published && <StatusIndicator type="info">{t("published")}</StatusIndicator>}
      {image.relation === "operator" && <StatusIndicator type="info">{t("operator")}</StatusIndicator>}
      <StatusIndicator type={image.encryption === "none" ? "stopped" : "success"} colorOverride="grey">
        {t(`encrypted.${image.encryption}`)}
      </StatusIndicator>
      {image.protected && <StatusIndicator type="info">{t("protected")}</StatusIndicator>}
      {image.hidden && <StatusIndicator type="info">{t("hidden")}</StatusIndicator>}
      <CopyText text={image.id} />
    </div>
  );
}

function SharedMark({ image }: { image: Image }) {
  const t = useTexts(texts);
  const accepted = useSharePage(image.id, { state: "accepted", limit: 1 }).data?.total?.count ?? 0;
  const pending = useSharePage(image.id, { state: "pending", limit: 1 }).data?.total?.count ?? 0;
  if (!image.shares) return <StatusIndicator type="stopped">{t("shared.not")}</StatusIndicator>;
  return <StatusIndicator type="success">{t("shared.counts", { a: accepted, p: pending })}</StatusIndicator>;
}

/** How far an image is that is being made, and why it failed. */
function Progress({ image }: { image: Image }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const { data: failure } = useQuery({
    queryKey: [...key, "jobs", "making", image.id],
    queryFn: async () => {
      const page = await ok(api.GET("/api/v1/jobs", { params: { query: { image: image.id, limit: 20 } } }));
      return page.jobs.find((one) => one.image === image.id)?.failure ?? null;
    },
    enabled: image.status === "killed",
    placeholderData: undefined,
  });
  if (image.status === "killed") return failure ? <Alert type="error">{failure.message}</Alert> : null;
  const percent = image.progress_percent;
  return percent == null ? null : <ProgressBar value={percent} label={t("progress")} />;
}
