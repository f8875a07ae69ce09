import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { PageLoading } from "~/shell/Shell";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { useRefusal } from "~/ui/may";
import { Page } from "~/ui/Page";
import { useDialog } from "~/ui/url";
import { BackupList } from "./BackupList";
import { VaultStatus, VaultUse } from "./parts";
import { texts } from "./texts";

/** A vault, with what it keeps. */
export default function VaultPage() {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const { id = "" } = useParams();
  const { exact } = useFormat();
  const dialog = useDialog();
  const refused = useRefusal("ims:vaults:manage");
  const { data, error, refetch } = useQuery({
    queryKey: [...key, "vaults", "one", id],
    queryFn: () => ok(api.GET("/api/v1/vaults/{id}", { params: { path: { id } } })),
    placeholderData: undefined,
  });
  if (error && !data) return <Failure error={error} title={t("missing")} retry={() => void refetch()} />;
  if (!data) return <PageLoading />;
  return (
    <Page
      title={data.name}
      path={path(`vaults/${id}`)}
      parents={[{ text: t("title"), href: path("vaults") }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            disabled={refused !== undefined || data.backups > 0}
            disabledReason={refused ?? t("refused.notEmpty", { n: data.backups })}
            onClick={() => dialog("vault-delete", [id])}
          >
            {t("remove")}
          </Button>
          <Button
            disabled={refused !== undefined}
            disabledReason={refused}
            onClick={() => dialog("vault-edit", [id])}
          >
            {t("edit")}
          </Button>
          <Button
            variant="primary"
            disabled={refused !== undefined}
            disabledReason={refused}
            onClick={() => dialog("backup-create", [id])}
          >
            {t("createBackup")}
          </Button>
        </SpaceBetween>
      }
    >
      <Container>
        <KeyValuePairs
          columns={4}
          minColumnWidth={180}
          items={[
            { label: t("status"), value: <VaultStatus status={data.status} /> },
            { label: t("usage"), value: <VaultUse vault={data} /> },
            { label: t("objectType"), value: t(`object.${data.object_type}`) },
            { label: t("protection"), value: t(`protection.${data.protection}`) },
            { label: t("id"), value: <CopyText text={data.id} /> },
            { label: t("created"), value: exact(data.created_at) },
            { label: t("description"), value: data.description || "–" },
          ]}
        />
      </Container>
      <div>
        <Header variant="h2" counter={`(${data.backups})`}>
          {t("backups")}
        </Header>
        <BackupList vault={id} />
      </div>
    </Page>
  );
}
