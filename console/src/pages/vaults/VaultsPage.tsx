import Button from "@cloudscape-design/components/button";
import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Vault } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { Help } from "~/shell/frame";
import { Go } from "~/shell/links";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { Empty, List } from "~/table/List";
import type { Column, Filter, Load } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { useRefusal } from "~/ui/may";
import { useDialog } from "~/ui/url";
import { VaultStatus, VaultsFrame, VaultUse } from "./parts";
import { texts } from "./texts";

const KEY = ["vaults"];
const idOf = (vault: Vault) => vault.id;
const nameOf = (vault: Vault) => vault.name;

export default function VaultsPage() {
  const t = useTexts(texts);
  const s = useTexts(shellTexts);
  const w = useWords();
  const { api, path } = usePlace();
  const dialog = useDialog();
  const refused = useRefusal("ims:vaults:manage");
  const load: Load<Vault> = useCallback(
    async ({ sort: _, total: __, ...query }, signal) => {
      const page = await ok(api.GET("/api/v1/vaults", { params: { query }, signal }));
      return { rows: page.vaults, next: page.next };
    },
    [api],
  );
  const columns = useMemo(
    (): Column<Vault>[] => [
      {
        id: "name",
        header: t("name"),
        minWidth: 160,
        cell: (vault) => (
          <span data-row className="lg-row-name">
            <Go to={path(`vaults/${vault.id}`)}>{vault.name}</Go>
          </span>
        ),
        csv: nameOf,
      },
      {
        id: "status",
        header: t("status"),
        cell: (vault) => <VaultStatus status={vault.status} />,
        csv: (vault) => vault.status,
      },
      {
        id: "object",
        header: t("objectType"),
        cell: (vault) => t(`object.${vault.object_type}`),
        csv: (vault) => vault.object_type,
      },
      {
        id: "protection",
        header: t("protection"),
        minWidth: 130,
        cell: (vault) => t(`protection.${vault.protection}`),
        csv: (vault) => vault.protection,
      },
      {
        id: "usage",
        header: t("usage"),
        minWidth: 200,
        cell: (vault) => <VaultUse vault={vault} />,
        csv: (vault) => vault.used_gib,
      },
      {
        id: "free",
        header: t("capacity"),
        minWidth: 120,
        cell: (vault) => vault.capacity_gib,
        csv: (vault) => vault.capacity_gib,
      },
      { id: "count", header: t("count"), cell: (vault) => vault.backups, csv: (vault) => vault.backups },
      {
        id: "description",
        header: t("description"),
        cell: (vault) => vault.description || "–",
        csv: (vault) => vault.description,
        isHidden: true,
      },
      {
        id: "created",
        header: t("created"),
        cell: (vault) => <Ago at={vault.created_at} />,
        csv: (vault) => vault.created_at,
      },
      {
        id: "id",
        header: t("id"),
        cell: (vault) => <CopyText text={vault.id} whole={false} />,
        csv: idOf,
        isHidden: true,
      },
    ],
    [t, path],
  );
  const filters = useMemo(
    (): Filter[] => [
      {
        key: "object_type",
        label: t("objectType"),
        values: t("objectTypes"),
        options: (["server", "disk"] as const).map((value) => ({ value, label: t(`object.${value}`) })),
      },
      {
        key: "protection",
        label: t("protection"),
        values: t("protections"),
        options: (["backup", "replication"] as const).map((value) => ({
          value,
          label: t(`protection.${value}`),
        })),
      },
    ],
    [t],
  );
  const create = () => dialog("vault-create");
  useShortcuts({ c: refused ? undefined : { text: s("keys.create"), run: create } });
  const button = (
    <Button variant="primary" disabled={refused !== undefined} disabledReason={refused} onClick={create}>
      {t("createVault")}
    </Button>
  );
  return (
    <VaultsFrame tab="vaults" actions={button}>
      <List<Vault>
        id="vaults"
        title={t("vaults")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={columns}
        filters={filters}
        freeText="name"
        quick={(vault) => [
          { id: "edit", text: w("act.modify"), refused, run: () => dialog("vault-edit", [vault.id]) },
        ]}
        menu={(vault) => [
          { id: "backup", text: t("createBackup"), refused, run: () => dialog("backup-create", [vault.id]) },
          {
            id: "delete",
            text: t("remove"),
            refused: refused ?? (vault.backups > 0 ? t("refused.notEmpty", { n: vault.backups }) : undefined),
            run: () => dialog("vault-delete", [vault.id]),
          },
        ]}
        rowPath={(vault) => path(`vaults/${vault.id}`)}
        cli={(vault) => `lend vault show ${vault.id}`}
        empty={<Empty title={t("vaults.empty")} text={t("vaults.emptyText")} action={button} />}
      />
      <Help title={t("help.title")}>
        <p>{t("help.accept")}</p>
        <p>{t("help.empty")}</p>
      </Help>
    </VaultsFrame>
  );
}
