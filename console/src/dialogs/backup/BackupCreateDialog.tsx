import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { useBackupsChanged, useOwnImages } from "./queries";
import { texts } from "./texts";

/** A backup from own disk images: the system disk first, then data disks. */
export default function BackupCreateDialog({ ids: [given], close }: DialogProps) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const changed = useBackupsChanged();
  const role = useRefusal("ims:backups:manage");
  const [vaultId, setVaultId] = useState(given);
  const [systemId, setSystemId] = useState<string>();
  const [dataIds, setDataIds] = useState<string[]>([]);
  const [name, setName] = useState("");
  const { data: vaults } = useQuery({
    queryKey: [...key, "vaults", "choose"],
    queryFn: async () =>
      (await ok(api.GET("/api/v1/vaults", { params: { query: { limit: 100, object_type: "server" } } })))
        .vaults,
  });
  const { data: systems } = useOwnImages("system");
  const { data: datas } = useOwnImages("data");
  const vault = vaults?.find((one) => one.id === vaultId);
  const system = systems?.find((one) => one.id === systemId);
  const chosen = (datas ?? []).filter((one) => dataIds.includes(one.id));
  const sum = [system, ...chosen].reduce((all, one) => all + (one?.disk_capacity_gib ?? 0), 0);
  const refused =
    role ??
    (!vault
      ? vaults?.length === 0
        ? t("noVault")
        : t("chooseVault")
      : !system
        ? systems?.length === 0
          ? t("noSystem")
          : t("chooseSystem")
        : sum > vault.free_gib
          ? t("tooSmall", { free: vault.free_gib, n: sum })
          : undefined);
  const run = async () => {
    const backup = await ok(
      api.POST("/api/v1/backups", {
        body: { vault: vaultId ?? "", disks: [systemId ?? "", ...dataIds], name: name.trim() || null },
      }),
    );
    changed();
    toast({ kind: "success", text: t("created", { name: backup.name }) });
  };
  const option = (image: Image) => ({
    value: image.id,
    label: image.name ?? image.id,
    description: t("gb", { n: image.disk_capacity_gib ?? 0 }),
  });
  return (
    <Confirm title={t("createTitle")} verb={t("create")} run={run} close={close} refused={refused}>
      <div>{t("createText")}</div>
      <FormField
        label={t("vault")}
        constraintText={vault && t("free", { n: vault.free_gib, max: vault.capacity_gib })}
        errorText={
          vault && sum > vault.free_gib
            ? t("tooSmall", { free: vault.free_gib, n: sum })
            : vaults?.length === 0
              ? t("noVault")
              : undefined
        }
      >
        <Select
          expandToViewport
          placeholder={t("chooseVault")}
          selectedOption={vault ? { value: vault.id, label: vault.name } : null}
          options={(vaults ?? []).map((one) => ({
            value: one.id,
            label: one.name,
            description: t("free", { n: one.free_gib, max: one.capacity_gib }),
          }))}
          onChange={({ detail }) => setVaultId(detail.selectedOption.value)}
        />
      </FormField>
      <FormField label={t("system")}>
        <Select
          expandToViewport
          filteringType="auto"
          placeholder={t("chooseSystem")}
          selectedOption={system ? option(system) : null}
          options={(systems ?? []).map(option)}
          empty={t("noSystem")}
          onChange={({ detail }) => setSystemId(detail.selectedOption.value)}
        />
      </FormField>
      <FormField label={t("data")} constraintText={sum > 0 ? t("sum", { n: sum }) : undefined}>
        <Multiselect
          expandToViewport
          filteringType="auto"
          placeholder={t("chooseData")}
          selectedOptions={chosen.map(option)}
          options={(datas ?? []).map(option)}
          onChange={({ detail }) => setDataIds(detail.selectedOptions.flatMap((one) => one.value ?? []))}
        />
      </FormField>
      <FormField label={t("name")} constraintText={t("nameHint")}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </Confirm>
  );
}
