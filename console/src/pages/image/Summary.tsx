import Badge from "@cloudscape-design/components/badge";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Image } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { osOf, Tenant } from "~/images/columns";
import { imageTexts } from "~/images/texts";
import { CopyText } from "~/ui/Copy";
import { Facts } from "./Facts";
import { Receipt } from "./Receipt";
import { texts } from "./texts";

const SHOWN = [
  "description",
  "architecture",
  "hw_architecture",
  "hw_firmware_type",
  "hw_vif_multiqueue_enabled",
  "max_ram",
  "os_distro",
  "os_version",
  "os_type",
];

export function Summary({ image }: { image: Image }) {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { bytes, number, exact } = useFormat();
  const dash = "–";
  const { properties } = image;
  const size = (value: number | null | undefined) =>
    value ? t("unit", { size: bytes(value), bytes: number(value) }) : dash;
  const yes = (value: boolean) => i(value ? "yes" : "no");
  const other = Object.entries(properties)
    .filter(([name]) => !SHOWN.includes(name))
    .sort(([one], [two]) => one.localeCompare(two));
  return (
    <SpaceBetween size="l">
      {image.share && <Receipt image={image} share={image.share} />}
      <ColumnLayout columns={2}>
        <Facts
          title={t("card.image")}
          items={[
            { label: i("col.name"), value: image.name ?? dash },
            { label: i("col.id"), value: <CopyText text={image.id} /> },
            { label: t("field.description"), value: properties.description ?? dash },
            { label: t("field.kind"), value: w(`kind.${image.kind}`) },
            { label: i("col.os"), value: osOf(image) },
            { label: t("field.arch"), value: properties.architecture ?? properties.hw_architecture ?? dash },
            { label: t("field.boot"), value: properties.hw_firmware_type?.toUpperCase() ?? dash },
            { label: t("field.minDisk"), value: image.min_disk_gib ? number(image.min_disk_gib) : dash },
            { label: w("field.minMemory"), value: image.min_ram_mib ? number(image.min_ram_mib) : dash },
            { label: t("field.maxMemory"), value: properties.max_ram ?? dash },
            {
              label: t("field.queues"),
              value: properties.hw_vif_multiqueue_enabled
                ? t(properties.hw_vif_multiqueue_enabled === "true" ? "queues.many" : "queues.one")
                : dash,
            },
            {
              label: w("field.publishState"),
              value: w(image.published ? "field.published" : "field.notPublished"),
            },
            { label: t("field.protected"), value: yes(image.protected) },
            {
              label: i("col.tags"),
              value: image.tags.length ? (
                <SpaceBetween direction="horizontal" size="xxs">
                  {image.tags.map((tag) => (
                    <Badge key={tag}>{tag}</Badge>
                  ))}
                </SpaceBetween>
              ) : (
                dash
              ),
            },
            { label: t("field.created"), value: exact(image.created_at) },
            { label: t("field.updated"), value: exact(image.updated_at) },
          ]}
        />
        <Facts
          title={t("card.storage")}
          items={[
            { label: t("field.stored"), value: size(image.size_bytes) },
            { label: t("field.virtual"), value: size(image.virtual_size_bytes) },
            {
              label: t("field.capacity"),
              value: image.disk_capacity_gib ? i("gb", { n: image.disk_capacity_gib }) : dash,
            },
            { label: i("panel.format"), value: image.disk_format ?? dash },
            { label: t("field.container"), value: image.container_format ?? dash },
            { label: t("field.encryption"), value: t(`encrypted.${image.encryption}`) },
            { label: t("field.visibility"), value: t(`visibility.${image.visibility}`) },
            { label: t("field.region"), value: image.region },
            { label: t("field.owner"), value: <Tenant tenant={image.owner} /> },
            ...(image.digest
              ? [{ label: image.digest.algo, value: <CopyText text={image.digest.value} whole={false} /> }]
              : []),
            ...(image.md5 ? [{ label: "md5", value: <CopyText text={image.md5} whole={false} /> }] : []),
          ]}
        />
      </ColumnLayout>
      {other.length > 0 && (
        <Facts
          title={t("card.other")}
          columns={3}
          items={other.map(([label, value]) => ({
            label,
            value: <span className="lg-mono">{value || dash}</span>,
          }))}
        />
      )}
    </SpaceBetween>
  );
}
