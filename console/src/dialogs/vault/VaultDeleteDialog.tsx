import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { texts } from "./texts";
import { useVault } from "./VaultEditDialog";

export default function VaultDeleteDialog({ ids: [id = ""], close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key, path } = usePlace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const role = useRefusal("ims:vaults:manage");
  const { data: vault } = useVault(id);
  if (!vault) return null;
  const full = vault.backups > 0 ? t("deleteFull", { n: vault.backups }) : undefined;
  const run = async () => {
    await ok(api.DELETE("/api/v1/vaults/{id}", { params: { path: { id } } }));
    toast({ kind: "success", text: t("deleted", { name: vault.name }) });
    await navigate(path("vaults"));
    client.removeQueries({ queryKey: [...key, "vaults", "one", id] });
    void client.invalidateQueries({ queryKey: [...key, "vaults"] });
    void client.invalidateQueries({ queryKey: [...key, "quota"] });
  };
  return (
    <Confirm
      title={t("deleteTitle", { name: vault.name })}
      verb={w("act.delete")}
      run={run}
      close={close}
      refused={role ?? full}
    >
      {full ?? t("deleteText")}
    </Confirm>
  );
}
