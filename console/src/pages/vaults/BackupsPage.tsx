import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useRefusal } from "~/ui/may";
import { useDialog } from "~/ui/url";
import { BackupList } from "./BackupList";
import { VaultsFrame } from "./parts";
import { texts } from "./texts";

export default function BackupsPage() {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const dialog = useDialog();
  const refused = useRefusal("ims:backups:manage");
  const { data } = useQuery({
    queryKey: [...key, "vaults", "names"],
    queryFn: () => ok(api.GET("/api/v1/vaults", { params: { query: { limit: 100 } } })),
  });
  return (
    <VaultsFrame
      tab="backups"
      actions={
        <Button
          variant="primary"
          disabled={refused !== undefined}
          disabledReason={refused}
          onClick={() => dialog("backup-create")}
        >
          {t("createBackup")}
        </Button>
      }
    >
      <BackupList vaults={data?.vaults} />
    </VaultsFrame>
  );
}
