import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { capacityOf, useVaultProblem, VaultFields, type VaultForm } from "./fields";
import { texts } from "./texts";

export default function VaultCreateDialog({ close }: DialogProps) {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const problem = useVaultProblem();
  const role = useRefusal("ims:vaults:manage");
  const [form, setForm] = useState<VaultForm>({ name: "", capacity: "100", description: "" });
  const [holds, setHolds] = useState<"server" | "disk">("server");
  const [protection, setProtection] = useState<"backup" | "replication">("backup");
  const run = async () => {
    const vault = await ok(
      api.POST("/api/v1/vaults", {
        body: {
          name: form.name.trim(),
          capacity_gib: capacityOf(form.capacity) ?? 0,
          description: form.description.trim(),
          object_type: holds,
          protection,
        },
      }),
    );
    void client.invalidateQueries({ queryKey: [...key, "vaults"] });
    void client.invalidateQueries({ queryKey: [...key, "quota"] });
    toast({ kind: "success", text: t("created", { name: vault.name }) });
    void navigate(path(`vaults/${vault.id}`));
  };
  return (
    <Confirm
      title={t("createTitle")}
      verb={t("create")}
      run={run}
      close={close}
      refused={role ?? problem(form)}
    >
      <VaultFields form={form} change={(patch) => setForm((now) => ({ ...now, ...patch }))} />
      <FormField label={t("holds")}>
        <RadioGroup
          value={holds}
          items={(["server", "disk"] as const).map((value) => ({ value, label: t(`holds.${value}`) }))}
          onChange={({ detail }) => setHolds(detail.value === "disk" ? "disk" : "server")}
        />
      </FormField>
      <FormField label={t("protection")} description={t("acceptHint")}>
        <RadioGroup
          value={protection}
          items={(["backup", "replication"] as const).map((value) => ({
            value,
            label: t(`protection.${value}`),
          }))}
          onChange={({ detail }) => setProtection(detail.value === "replication" ? "replication" : "backup")}
        />
      </FormField>
    </Confirm>
  );
}
