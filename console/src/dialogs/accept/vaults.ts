import type { Vault } from "~/api/types";
import type { Translate } from "~/i18n/texts";
import type { texts } from "./texts";

type Texts = Translate<typeof texts.entries>;

export const VAULT_NAME_MAX = 64;
/** The largest vault there is, GiB. */
export const VAULT_MAX = 10 * 1024 * 1024;
const USUAL = 100;

/** Whether backups of servers go into a vault at all. */
export const isForServers = (vault: Pick<Vault, "object_type" | "protection">): boolean =>
  vault.object_type === "server" && vault.protection === "backup";

/** Why a vault cannot take so many GiB; nothing where it can. */
export function vaultProblem(vault: Vault, need: number, t: Texts): string | undefined {
  const v = vault.name;
  if (!isForServers(vault)) return t("type", { v });
  if (vault.status !== "available") return t("closed", { v, status: t(`status.${vault.status}`) });
  return vault.free_gib < need ? t("small", { v, free: vault.free_gib, need }) : undefined;
}

export function newNameProblem(name: string, vaults: readonly Vault[], t: Texts): string | undefined {
  if (name.trim() !== name || name === "" || [...name].length > VAULT_NAME_MAX) return t("nameRule");
  return vaults.some((vault) => vault.name === name) ? t("nameTaken") : undefined;
}

export function newSizeProblem(size: string, need: number, t: Texts): string | undefined {
  const wanted = Number(size);
  const min = Math.max(1, need);
  return Number.isInteger(wanted) && wanted >= min && wanted <= VAULT_MAX
    ? undefined
    : t("sizeRule", { min, max: VAULT_MAX });
}

/** What a new vault is called and holds unless told. */
export function suggested(vaults: readonly Vault[], need: number): { name: string; size: string } {
  const taken = new Set(vaults.map((vault) => vault.name));
  let number = vaults.length + 1;
  while (taken.has(`vault-${number}`)) number += 1;
  return { name: `vault-${number}`, size: String(Math.max(USUAL, need)) };
}
