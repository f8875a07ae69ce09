import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { useBackup, useBackupsChanged } from "./queries";
import { texts } from "./texts";

export default function BackupDeleteDialog({ ids: [id = ""], close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api } = usePlace();
  const changed = useBackupsChanged();
  const role = useRefusal("ims:backups:manage");
  const { data: backup } = useBackup(id);
  if (!backup) return null;
  const run = async () => {
    await ok(api.DELETE("/api/v1/backups/{id}", { params: { path: { id } } }));
    toast({ kind: "success", text: t("deleted", { name: backup.name }) });
    changed();
  };
  return (
    <Confirm
      title={t("deleteTitle", { name: backup.name })}
      verb={w("act.delete")}
      run={run}
      close={close}
      refused={role}
    >
      {t("deleteText", { n: backup.size_gib })}
    </Confirm>
  );
}
