import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import type { Image } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { CopyText } from "~/ui/Copy";
import { ImageStatus, osOf, Tenant } from "./columns";
import { imageTexts } from "./texts";

/** The panel of one image, or of several together. */
export function ImagePanel({ images }: { images: Image[] }) {
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
  return (
    <KeyValuePairs
      columns={1}
      items={[
        { label: t("col.id"), value: <CopyText text={image.id} /> },
        { label: t("col.status"), value: <ImageStatus status={image.status} /> },
        { label: t("col.type"), value: w(`kind.${image.kind}`) },
        { label: t("col.os"), value: osOf(image) },
        { label: t("col.disk"), value: image.disk_capacity_gib ? number(image.disk_capacity_gib) : "--" },
        { label: t("col.size"), value: image.size_bytes ? bytes(image.size_bytes) : "–" },
        { label: w("field.minMemory"), value: image.min_ram_mib ? number(image.min_ram_mib) : "–" },
        { label: t("panel.format"), value: image.disk_format ?? "–" },
        {
          label: w("field.publishState"),
          value: w(image.published ? "field.published" : "field.notPublished"),
        },
        ...(image.relation === "owner"
          ? [
              {
                label: w("field.sharedTenants"),
                value: image.shares ? t("tenants", { n: image.shares }) : "–",
              },
            ]
          : [{ label: t("col.sharedBy"), value: <Tenant tenant={image.owner} /> }]),
        ...(image.digest
          ? [
              {
                label: `${t("panel.checksum")} (${image.digest.algo})`,
                value: <CopyText text={image.digest.value} whole={false} />,
              },
            ]
          : []),
        { label: t("col.created"), value: exact(image.created_at) },
        { label: t("panel.updated"), value: exact(image.updated_at) },
        { label: t("panel.description"), value: description ?? "–" },
      ]}
    />
  );
}
