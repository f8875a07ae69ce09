import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasPage } from "~/pages";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useFirstFocus } from "~/ui/focus";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { useBackup, useBackupsChanged } from "./queries";
import { texts } from "./texts";

/** A full-server image from a backup. */
export default function BackupImageDialog({ ids: [id = ""], close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api, path } = usePlace();
  const navigate = useNavigate();
  const changed = useBackupsChanged();
  const role = useRefusal("ims:wholeImages:create");
  const first = useFirstFocus();
  const { data: backup } = useBackup(id);
  const [typed, setTyped] = useState<string>();
  const [description, setDescription] = useState("");
  if (!backup) return null;
  const name = typed ?? backup.name;
  const run = async () => {
    const image = await ok(
      api.POST("/api/v1/backups/{id}/image", {
        params: { path: { id } },
        body: { name: name.trim(), description: description.trim() || null },
      }),
    );
    changed();
    toast({ kind: "success", text: t("imageCreated", { name: image.name ?? image.id }) });
    if (hasPage("project", "images/:id")) void navigate(path(`images/${image.id}/summary`));
  };
  return (
    <Confirm
      title={t("imageTitle", { name: backup.name })}
      verb={w("act.create")}
      run={run}
      close={close}
      refused={role}
    >
      <div>{t("imageText")}</div>
      <FormField label={t("imageName")}>
        <Input ref={first} value={name} onChange={({ detail }) => setTyped(detail.value)} />
      </FormField>
      <FormField
        label={
          <>
            {t("description")} – <i>{t("optional")}</i>
          </>
        }
      >
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
    </Confirm>
  );
}
