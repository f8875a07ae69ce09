import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema, Vault } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { hasPage } from "~/pages";
import { Go, to } from "~/shell/links";
import { Empty, List } from "~/table/List";
import type { Act, Column, Load } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { useRefusal } from "~/ui/may";
import { useDialog, useParamsPatch } from "~/ui/url";
import { BackupPanel } from "./BackupPanel";
import { texts } from "./texts";

type Backup = Schema<"BackupView">;
const idOf = (backup: Backup) => backup.id;
const nameOf = (backup: Backup) => backup.name;

/** The backups of the project, or of one vault. */
export function BackupList({ vault, vaults }: { vault?: string; vaults?: Vault[] }) {
  const t = useTexts(texts);
  const { api, path } = usePlace();
  const patch = useParamsPatch();
  const dialog = useDialog();
  const mayManage = useRefusal("ims:backups:manage");
  const mayImage = useRefusal("ims:wholeImages:create");
  const hasImages = hasPage("project", "images/:id");
  const load: Load<Backup> = useCallback(
    async ({ sort: _, total: __, ...query }, signal) => {
      const params = { query: { vault, ...query } };
      const page = await ok(api.GET("/api/v1/backups", { params, signal }));
      return { rows: page.backups, next: page.next };
    },
    [api, vault],
  );
  const columns = useMemo(
    (): Column<Backup>[] => [
      {
        id: "name",
        header: t("name"),
        minWidth: 160,
        cell: (backup) => (
          <button
            type="button"
            data-row
            className="lg-link lg-row-name"
            onClick={() => patch({ sel: backup.id })}
          >
            {backup.name}
          </button>
        ),
        csv: nameOf,
      },
      ...(vault
        ? []
        : [
            {
              id: "vault",
              header: t("vault"),
              minWidth: 140,
              cell: (backup: Backup) => (
                <Go to={path(`vaults/${backup.vault}`)}>
                  {vaults?.find((one) => one.id === backup.vault)?.name ?? backup.vault}
                </Go>
              ),
              csv: (backup: Backup) => backup.vault,
            },
          ]),
      { id: "size", header: t("size"), cell: (backup) => backup.size_gib, csv: (backup) => backup.size_gib },
      {
        id: "source",
        header: t("source"),
        minWidth: 160,
        cell: (backup) => backup.source || "–",
        csv: (backup) => backup.source,
      },
      {
        id: "image",
        header: t("image"),
        minWidth: 140,
        cell: (backup) =>
          backup.image ? (
            hasImages ? (
              <Go to={path(`images/${backup.image}/summary`)}>{t("openImage")}</Go>
            ) : (
              <CopyText text={backup.image} whole={false} />
            )
          ) : backup.held ? (
            t("held")
          ) : (
            "–"
          ),
        csv: (backup) => backup.image,
      },
      {
        id: "created",
        header: t("created"),
        cell: (backup) => <Ago at={backup.created_at} />,
        csv: (backup) => backup.created_at,
      },
      {
        id: "id",
        header: t("id"),
        cell: (backup) => <CopyText text={backup.id} whole={false} />,
        csv: idOf,
        isHidden: true,
      },
    ],
    [t, path, patch, vault, vaults, hasImages],
  );
  const acts = (backup: Backup): { quick: Act[]; menu: Act[] } => ({
    quick: [
      backup.image && hasImages
        ? { id: "open", text: t("openImage"), href: to(path(`images/${backup.image}/summary`)) }
        : {
            id: "image",
            text: t("makeImage"),
            refused: mayImage ?? (backup.image ? t("refused.made") : undefined),
            run: () => dialog("backup-image", [backup.id]),
          },
    ],
    menu: [
      {
        id: "delete",
        text: t("remove"),
        refused:
          mayManage ?? (backup.held ? t("refused.held") : backup.image ? t("refused.madeDelete") : undefined),
        run: () => dialog("backup-delete", [backup.id]),
      },
    ],
  });
  return (
    <List<Backup>
      id={vault ? "vault-backups" : "backups"}
      title={t("backups")}
      queryKey={vault ? ["backups", vault] : ["backups"]}
      load={load}
      rowId={idOf}
      rowName={nameOf}
      columns={columns}
      filters={[]}
      freeText="name"
      actsWidth={190}
      quick={(backup) => acts(backup).quick}
      menu={(backup) => acts(backup).menu}
      cli={(backup) => `lend backup show ${backup.id}`}
      panel={(backups) => backups[0] && <BackupPanel backup={backups[0]} />}
      empty={<Empty title={t("backups.empty")} text={t("backups.emptyText")} />}
    />
  );
}
