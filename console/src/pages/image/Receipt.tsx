import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Image, Share } from "~/api/types";
import { ShareState } from "~/dialogs/tenants/TenantsTable";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Tenant } from "~/images/columns";
import { CopyText } from "~/ui/Copy";
import { Facts } from "./Facts";
import { texts } from "./texts";

/** Who shares an image with this project, since when, and what exactly was accepted. */
export function Receipt({ image, share }: { image: Image; share: Share }) {
  const t = useTexts(texts);
  const { exact } = useFormat();
  const accepted = share.accepted_digest;
  const now = image.digest ? `${image.digest.algo}:${image.digest.value}` : undefined;
  return (
    <>
      <Facts
        title={t("receipt.title")}
        columns={3}
        items={[
          { label: t("field.owner"), value: <Tenant tenant={share.owner} /> },
          { label: t("receipt.state"), value: <ShareState state={share.state} /> },
          { label: t("receipt.note"), value: share.note ?? "–" },
          { label: t("receipt.offered"), value: exact(share.created_at) },
          ...(share.state === "pending"
            ? []
            : [{ label: t("receipt.answered"), value: exact(share.updated_at) }]),
          ...(share.lapses_at && share.state === "pending"
            ? [{ label: t("receipt.lapses"), value: exact(share.lapses_at) }]
            : []),
          ...(share.ends_at ? [{ label: t("receipt.ends"), value: exact(share.ends_at) }] : []),
          {
            label: t("receipt.digest"),
            value: accepted ? (
              <>
                <CopyText text={accepted} shown={shortDigest(accepted)} />
                {now && (
                  <div>
                    <StatusIndicator type={now === accepted ? "success" : "error"}>
                      {t(now === accepted ? "receipt.same" : "receipt.differs")}
                    </StatusIndicator>
                  </div>
                )}
              </>
            ) : (
              t("receipt.none")
            ),
          },
        ]}
      />
      <div className="lg-muted">{t("receipt.readonly")}</div>
    </>
  );
}

/** `sha512:86cf…f50f` */
export function shortDigest(digest: string): string {
  const [algo, hex = ""] = digest.split(":");
  return hex.length > 16 ? `${algo}:${hex.slice(0, 8)}…${hex.slice(-8)}` : digest;
}
