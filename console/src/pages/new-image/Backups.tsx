import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { Failure } from "~/ui/Failure";
import { texts } from "./texts";
import type { StepProps } from "./types";

const MOST = 100;

/** A backup of a server, out of a vault: what has an image already, or came with one, is shown with the reason. */
export function Backups({ draft, change, wrong, isTried }: StepProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key } = usePlace();
  const { bytes, exact } = useFormat();
  const vaults = useQuery({
    queryKey: [...key, "vaults", "of-servers"],
    queryFn: () =>
      ok(api.GET("/api/v1/vaults", { params: { query: { object_type: "server", limit: MOST } } })),
  });
  const filled = vaults.data?.vaults.filter((vault) => vault.backups > 0) ?? [];
  const vault = filled.find((one) => one.id === draft.vault) ?? (filled.length === 1 ? filled[0] : undefined);
  const backups = useQuery({
    queryKey: [...key, "backups", "of-vault", vault?.id],
    queryFn: () => ok(api.GET("/api/v1/backups", { params: { query: { vault: vault?.id, limit: MOST } } })),
    enabled: vault !== undefined,
  });
  // Named by a link: its vault and its name follow.
  const linked = useQuery({
    queryKey: [...key, "backups", draft.backup],
    queryFn: () => ok(api.GET("/api/v1/backups/{id}", { params: { path: { id: draft.backup } } })),
    enabled: draft.backup !== "" && draft.vault === "",
  }).data;
  useEffect(() => {
    if (!linked) return;
    change((now) => ({ ...now, vault: linked.vault, name: now.name || linked.name }));
  }, [linked, change]);
  const error = vaults.error ?? backups.error;
  const why = (backup: Schema<"BackupView">) =>
    backup.image ? t("backup.hasImage") : backup.from_image ? t("backup.fromShare") : undefined;
  return (
    <Container header={<Header variant="h2">{t("from.backup")}</Header>}>
      {error && <Failure error={error} retry={() => void vaults.refetch()} />}
      {vaults.isPending ? (
        <Spinner />
      ) : (
        <SpaceBetween size="l">
          <FormField label={w("vault")} errorText={filled.length === 0 ? t("noVaults") : undefined}>
            <Select
              placeholder={t("vaultPick")}
              disabled={filled.length === 0}
              selectedOption={vault ? { value: vault.id, label: vault.name } : null}
              options={filled.map((one) => ({
                value: one.id,
                label: one.name,
                description: t("vaultLine", {
                  n: one.backups,
                  used: one.used_gib,
                  capacity: one.capacity_gib,
                }),
              }))}
              onChange={({ detail }) => change({ vault: detail.selectedOption.value ?? "", backup: "" })}
            />
          </FormField>
          {vault && backups.isPending && <Spinner />}
          {backups.data && (
            <FormField
              label={t("backup")}
              errorText={
                backups.data.backups.length === 0 ? t("noBackups") : isTried ? wrong.backup : undefined
              }
            >
              <RadioGroup
                value={draft.backup || null}
                ariaLabel={t("backup")}
                onChange={({ detail }) => {
                  const chosen = backups.data.backups.find((one) => one.id === detail.value);
                  change((now) => ({
                    ...now,
                    vault: vault?.id ?? "",
                    backup: detail.value,
                    name: now.name || (chosen?.name ?? ""),
                  }));
                }}
                items={backups.data.backups.map((one) => ({
                  value: one.id,
                  label: one.name,
                  disabled: why(one) !== undefined,
                  description: [
                    bytes(one.size_gib * 1024 ** 3),
                    t("backup.source", { source: one.source }),
                    exact(one.created_at),
                    why(one),
                  ]
                    .filter(Boolean)
                    .join(" · "),
                }))}
              />
            </FormField>
          )}
        </SpaceBetween>
      )}
    </Container>
  );
}
