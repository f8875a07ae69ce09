import ProgressBar from "@cloudscape-design/components/progress-bar";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import { usePlace } from "~/api/context";
import type { Vault } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { LinkTabs } from "~/ui/LinkTabs";
import { Page } from "~/ui/Page";
import { texts } from "./texts";

const LOOK = { available: "success", locked: "stopped", frozen: "stopped", error: "error" } as const;

export function VaultStatus({ status }: { status: Vault["status"] }) {
  const t = useTexts(texts);
  return <StatusIndicator type={LOOK[status]}>{t(`status.${status}`)}</StatusIndicator>;
}

/** How much of a vault is used, drawn and said. */
export function VaultUse({ vault }: { vault: Vault }) {
  const t = useTexts(texts);
  return (
    <ProgressBar
      value={vault.capacity_gib === 0 ? 0 : Math.min(100, (100 * vault.used_gib) / vault.capacity_gib)}
      ariaLabel={t("usage")}
      additionalInfo={t("used", { used: vault.used_gib, max: vault.capacity_gib })}
    />
  );
}

const PATHS = { vaults: "vaults", backups: "vaults/backups" };

/** What the lists of vaults and of backups have around them. */
export function VaultsFrame({
  tab,
  actions,
  children,
}: {
  tab: "vaults" | "backups";
  actions: ReactNode;
  children: ReactNode;
}) {
  const t = useTexts(texts);
  const { path } = usePlace();
  return (
    <Page
      title={t(tab)}
      path={path(PATHS[tab])}
      parents={[{ text: t("title"), href: path("vaults") }]}
      text={t("text")}
      actions={actions}
    >
      <div>
        <LinkTabs
          label={t("title")}
          tabs={(["vaults", "backups"] as const).map((one) => ({
            text: t(one),
            path: path(PATHS[one]),
            isHere: one === tab,
          }))}
        />
        {children}
      </div>
    </Page>
  );
}
