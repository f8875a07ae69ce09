import Button from "@cloudscape-design/components/button";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import type { Image } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { CopyText } from "~/ui/Copy";
import { useDialog } from "~/ui/url";
import { refusal } from "./acts";
import { archOf, bootOf, ImageStatus, nameOf, osOf, Tenant } from "./columns";
import { imageTexts } from "./texts";

/** What one image is, or several together. */
export function ImagePanel({ images, columns = 1 }: { images: Image[]; columns?: number }) {
  const t = useTexts(imageTexts);
  const w = useWords();
  const { bytes, number, exact } = useFormat();
  const [image, ...more] = images;
  if (!image) return null;
  if (more.length) {
    const sum = (of: (image: Image) => number | null | undefined) =>
      images.reduce((all, one) => all + (of(one) ?? 0), 0);
    return (
      <KeyValuePairs
        columns={1}
        items={[
          { label: t("panel.sum"), value: t("gb", { n: sum((one) => one.disk_capacity_gib) }) },
          { label: t("col.size"), value: bytes(sum((one) => one.size_bytes)) },
          { label: t("panel.tenants"), value: number(sum((one) => one.shares)) },
          { label: t("col.name"), value: images.map((one) => one.name ?? one.id).join(", ") },
        ]}
      />
    );
  }
  const { description } = image.properties;
  const dash = "–";
  const size = image.size_bytes ? bytes(image.size_bytes) : dash;
  return (
    <KeyValuePairs
      columns={columns}
      items={[
        ...(columns > 1 ? [{ label: t("col.name"), value: nameOf(image) }] : []),
        { label: t("col.id"), value: <CopyText text={image.id} /> },
        { label: t("col.status"), value: <ImageStatus image={image} /> },
        { label: t("col.type"), value: w(`kind.${image.kind}`) },
        { label: t("col.os"), value: osOf(image) },
        { label: t("col.arch"), value: archOf(image) },
        { label: t("col.boot"), value: bootOf(image) },
        {
          label: image.kind === "system" ? w("field.systemDisk") : t("col.disk"),
          value: image.disk_capacity_gib ? number(image.disk_capacity_gib) : "--",
        },
        {
          label: t("col.size"),
          value: image.virtual_size_bytes
            ? t("panel.virtual", { size, virtual: bytes(image.virtual_size_bytes) })
            : size,
        },
        { label: w("field.minMemory"), value: image.min_ram_mib ? number(image.min_ram_mib) : "–" },
        { label: t("panel.format"), value: image.disk_format ?? "–" },
        { label: t("col.encrypted"), value: t(`encryption.${image.encryption}`) },
        {
          label: w("field.publishState"),
          value: w(image.published ? "field.published" : "field.notPublished"),
        },
        ...(image.relation === "owner"
          ? [
              {
                label: w("field.sharedTenants"),
                value: <Tenants image={image} />,
              },
            ]
          : [{ label: t("col.sharedBy"), value: <Tenant tenant={image.owner} /> }]),
        ...(image.share?.note ? [{ label: t("col.note"), value: `“${image.share.note}”` }] : []),
        ...(image.actions.accept?.vault_gib
          ? [{ label: t("col.vault"), value: t("gb", { n: image.actions.accept.vault_gib }) }]
          : []),
        {
          label: w("field.source"),
          value: image.source_image ? <CopyText text={image.source_image} whole={false} /> : dash,
        },
        ...(image.digest
          ? [
              {
                label: `${t("panel.checksum")} (${image.digest.algo})`,
                value: <CopyText text={image.digest.value} whole={false} />,
              },
            ]
          : []),
        { label: t("col.tags"), value: image.tags.join(", ") || dash },
        { label: t("col.created"), value: exact(image.created_at) },
        { label: t("panel.updated"), value: exact(image.updated_at) },
        { label: t("panel.description"), value: description ?? "–" },
      ]}
    />
  );
}

/** How many have it, and the way to more. */
function Tenants({ image }: { image: Image }) {
  const t = useTexts(imageTexts);
  const w = useWords();
  const dialog = useDialog();
  const refused = refusal(image, "share");
  return (
    <span className="lg-row-acts">
      {image.shares ? (
        <button type="button" className="lg-link" onClick={() => dialog("tenants", [image.id])}>
          {t("tenants", { n: image.shares })}
        </button>
      ) : (
        "–"
      )}
      <Button
        variant="inline-link"
        disabled={refused !== undefined}
        disabledReason={refused}
        onClick={() => dialog("share", [image.id])}
      >
        {w("act.addTenant")}
      </Button>
    </span>
  );
}
