import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Vault } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { texts } from "./texts";
import { isForServers, vaultProblem } from "./vaults";

export const NEW = "new";

export interface NewVault {
  name: string;
  size: string;
}

interface Props {
  vaults: Vault[];
  need: number;
  chosen: string;
  choose: (vault: string) => void;
  fresh: NewVault;
  change: (fresh: NewVault) => void;
  problems: { vault?: string; name?: string; size?: string };
  mayCreate?: string;
}

/** Into which vault the backups go: one of the project's, or one that is made for them. */
export function VaultChoice({
  vaults,
  need,
  chosen,
  choose,
  fresh,
  change,
  problems,
  mayCreate: refused,
}: Props) {
  const t = useTexts(texts);
  const fitting = vaults.filter(isForServers);
  const others = vaults.length - fitting.length;
  return (
    <FormField
      stretch
      label={t("vault")}
      errorText={problems.vault}
      constraintText={others > 0 ? t("others", { n: others }) : undefined}
    >
      <SpaceBetween size="s">
        <RadioGroup
          value={chosen}
          onChange={({ detail }) => choose(detail.value)}
          items={[
            ...fitting.map((vault) => {
              const problem = vaultProblem(vault, need, t);
              const lack = need - vault.free_gib;
              return {
                value: vault.id,
                label: (
                  <span className="lg-vault">
                    <strong>{vault.name}</strong>
                    <span>{t("capacity", { n: vault.capacity_gib })}</span>
                    <meter min={0} max={vault.capacity_gib} value={vault.used_gib} aria-hidden="true" />
                    <span>{t("free", { n: vault.free_gib })}</span>
                  </span>
                ),
                description: !problem ? t("enough") : lack > 0 ? t("short", { n: lack }) : problem,
              };
            }),
            { value: NEW, label: t("create"), disabled: refused !== undefined, description: refused },
          ]}
        />
        {chosen === NEW && (
          <div className="lg-vault-new">
            <FormField label={t("name")} errorText={problems.name}>
              <Input value={fresh.name} onChange={({ detail }) => change({ ...fresh, name: detail.value })} />
            </FormField>
            <FormField label={t("size")} errorText={problems.size} constraintText={t("sizeHint")}>
              <Input
                type="number"
                inputMode="numeric"
                value={fresh.size}
                onChange={({ detail }) => change({ ...fresh, size: detail.value })}
              />
            </FormField>
          </div>
        )}
      </SpaceBetween>
    </FormField>
  );
}
