import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { texts } from "./texts";

/** A backup with its disks. */
export function BackupPanel({ backup }: { backup: Schema<"BackupView"> }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const { bytes, exact } = useFormat();
  const { data, error, refetch } = useQuery({
    queryKey: [...key, "backups", "one", backup.id],
    queryFn: () => ok(api.GET("/api/v1/backups/{id}", { params: { path: { id: backup.id } } })),
    placeholderData: undefined,
  });
  return (
    <SpaceBetween size="l">
      <KeyValuePairs
        columns={1}
        items={[
          { label: t("id"), value: <CopyText text={backup.id} /> },
          { label: t("source"), value: backup.source || "–" },
          { label: t("size"), value: t("gb", { n: backup.size_gib }) },
          { label: t("created"), value: exact(backup.created_at) },
          ...(backup.image ? [{ label: t("image"), value: <CopyText text={backup.image} /> }] : []),
          ...(backup.held ? [{ label: t("status"), value: t("held") }] : []),
        ]}
      />
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data?.disks && (
        <div className="lg-scroll">
          <table className="lg-table">
            <caption className="lg-hidden">{t("disks")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("disk")}</th>
                <th scope="col">{t("role")}</th>
                <th scope="col">{t("size")}</th>
                <th scope="col">{t("stored")}</th>
              </tr>
            </thead>
            <tbody>
              {data.disks.map((disk) => (
                <tr key={disk.position}>
                  <th scope="row">{disk.name ?? disk.position}</th>
                  <td>{t(disk.system ? "system" : "data")}</td>
                  <td>{disk.size_gib}</td>
                  <td>{bytes(disk.size_bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </SpaceBetween>
  );
}
