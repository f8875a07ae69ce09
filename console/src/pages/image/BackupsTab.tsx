import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { linkTo, ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Image, Schema } from "~/api/types";
import { Ago, useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { imageTexts } from "~/images/texts";
import { hasPage } from "~/pages";
import { Go } from "~/shell/links";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { SmallTable } from "~/ui/SmallTable";
import { shortDigest } from "./Receipt";
import { texts } from "./texts";

type Backup = Schema<"BackupView">;

/** This project's backups that belong to an image: what it was made from, or what came with it. */
export function useBackupsOf(image: Image) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "backups", "of", image.id],
    queryFn: async () => {
      const found: Backup[] = [];
      let marker: string | undefined;
      do {
        const page = await ok(api.GET("/api/v1/backups", { params: { query: { limit: 200, marker } } }));
        found.push(...page.backups.filter((one) => one.image === image.id || one.from_image === image.id));
        marker = page.next ?? undefined;
      } while (marker);
      return found;
    },
    enabled: image.kind === "full_server",
  });
}

/** The disks of a full server, and the backups that hold them. */
export function BackupsTab({ image }: { image: Image }) {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const place = usePlace();
  const { bytes, number } = useFormat();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...place.key, "image", image.id, "disks"],
    queryFn: () => ok(place.api.GET("/api/v1/images/{id}/disks", { params: { path: { id: image.id } } })),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <Spinner />;
  const mayGet = image.actions.download?.allowed;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description={t("backups.total", { n: data.total_gib })}>
            {t("backups.disks")}
          </Header>
        }
      >
        {data.disks.length === 0 ? (
          <Box color="text-body-secondary">{t("backups.none")}</Box>
        ) : (
          <SmallTable
            heads={[
              t("backups.position"),
              t("backups.role"),
              t("backups.size"),
              t("field.stored"),
              i("panel.format"),
              t("backups.digest"),
              ...(mayGet ? [w("act.download")] : []),
            ]}
            rows={data.disks.map((disk) => {
              const name = disk.name ?? number(disk.position);
              return {
                id: String(disk.position),
                cells: [
                  name,
                  t(disk.system ? "role.system" : "role.data"),
                  number(disk.size_gib),
                  bytes(disk.size_bytes),
                  disk.disk_format ?? "–",
                  disk.digest ? (
                    <CopyText key="id" text={disk.digest} shown={shortDigest(disk.digest)} />
                  ) : (
                    "–"
                  ),
                  <Link
                    key="file"
                    ariaLabel={t("backups.getDisk", { name })}
                    href={linkTo(`/api/v1/images/${image.id}/disks/${disk.position}/file`, place)}
                  >
                    {w("act.download")}
                  </Link>,
                ],
              };
            })}
          />
        )}
      </Container>
      <Backups image={image} />
    </SpaceBetween>
  );
}

function Backups({ image }: { image: Image }) {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const { path } = usePlace();
  const { data: backups, error, isPending, refetch } = useBackupsOf(image);
  const isOwn = image.relation === "owner";
  return (
    <Container header={<Header variant="h2">{t(isOwn ? "backups.madeFrom" : "backups.came")}</Header>}>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <Spinner />
      ) : backups.length === 0 ? (
        <Box color="text-body-secondary">{t("backups.noBackup")}</Box>
      ) : (
        <SmallTable
          heads={[
            i("col.name"),
            t("backups.vault"),
            t("backups.size_gib"),
            t("backups.source"),
            t("field.created"),
          ]}
          rows={backups.map((backup) => ({
            id: backup.id,
            cells: [
              backup.name,
              hasPage("project", "vaults/:id") ? (
                <Go key="link" to={path(`vaults/${backup.vault}`)}>
                  {backup.vault}
                </Go>
              ) : (
                <CopyText key="id" text={backup.vault} whole={false} />
              ),
              i("gb", { n: backup.size_gib }),
              backup.source,
              <Ago key="at" at={backup.created_at} />,
            ],
          }))}
        />
      )}
    </Container>
  );
}
