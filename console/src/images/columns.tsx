import Badge from "@cloudscape-design/components/badge";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useMemo } from "react";
import { usePlace } from "~/api/context";
import type { Image, TenantRef } from "~/api/types";
import { bytesOf } from "~/i18n/bytes";
import { Ago, useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasDialog, hasPage } from "~/pages";
import { Go } from "~/shell/links";
import type { Token } from "~/table/state";
import type { Column, Filter } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { useDialog, useParamsPatch } from "~/ui/url";
import { arrived, uploads } from "~/uploads/tray";
import { PASSING } from "./queries";
import { imageTexts } from "./texts";

const STATUS: Record<
  Image["status"],
  { word: "active" | "creating" | "importing" | "deactivated" | "error"; type: StatusIndicatorProps.Type }
> = {
  queued: { word: "creating", type: "pending" },
  saving: { word: "importing", type: "in-progress" },
  uploading: { word: "importing", type: "in-progress" },
  importing: { word: "importing", type: "in-progress" },
  active: { word: "active", type: "success" },
  deactivated: { word: "deactivated", type: "stopped" },
  killed: { word: "error", type: "error" },
};

export function ImageStatus({ image }: { image: Image }) {
  const w = useWords();
  const { word, type } = STATUS[image.status];
  const arrived = useArrivedPercent(image.id);
  const percent = arrived ?? image.progress_percent ?? undefined;
  const progress = PASSING.includes(image.status) && percent !== undefined ? ` ${percent} %` : "";
  return (
    <StatusIndicator type={type}>
      {w(`status.${word}`)}
      {progress}
    </StatusIndicator>
  );
}

/** How much of an image's upload has arrived, while there is one. */
function useArrivedPercent(id: string): number | undefined {
  const own = uploads.usePart((all) =>
    percentOf(all.find((one) => one.image === id && one.phase !== "failed")),
  );
  const theirs = arrived.usePart((all) => percentOf(all[id]));
  return own ?? theirs;
}

const percentOf = (known: { sent: number; length: number } | undefined): number | undefined =>
  known && Math.floor((100 * known.sent) / Math.max(1, known.length));

/** What runs in an image, as its properties tell; they differ with where it came from. */
export function osOf({ properties }: Image): string {
  const own = [properties.os_distro, properties.os_version].filter(Boolean).join(" ");
  return properties.__os_version ?? (own || properties.os_type || properties.__os_type || "–");
}

export const archOf = ({ properties }: Image): string =>
  properties.architecture ?? properties.hw_architecture ?? "–";
export const bootOf = ({ properties }: Image): string => properties.hw_firmware_type?.toUpperCase() ?? "–";

export const nameOf = (image: Image): string => image.name ?? image.id;

export function Tenant({ tenant }: { tenant: TenantRef }) {
  return (
    <span className="lg-nowrap">
      {tenant.name && <span>{tenant.name} · </span>}
      <CopyText text={tenant.id} whole={false} />
    </span>
  );
}

/** The page of an image. */
export function useImagePath() {
  const { path } = usePlace();
  return (image: Image) => path(`images/${image.id}/summary`);
}

export function ImageName({ image }: { image: Image }) {
  const path = useImagePath();
  const patch = useParamsPatch();
  return (
    <span data-row className="lg-row-name">
      {hasPage("project", "images/:id") ? (
        <Go to={path(image)}>{nameOf(image)}</Go>
      ) : (
        <button type="button" className="lg-link" onClick={() => patch({ sel: image.id })}>
          {nameOf(image)}
        </button>
      )}
      {/* For the pointer alone: the row's menu copies it as well. */}
      <span className="lg-row-copy">
        <CopyText text={image.id} shown="" isOffKeys />
      </span>
    </span>
  );
}

/** The columns that lists of images are made of, by name. */
export function useImageColumns() {
  const t = useTexts(imageTexts);
  const w = useWords();
  const { bytes, number } = useFormat();
  const dialog = useDialog();
  return useMemo(() => {
    const dash = "–";
    const columns = {
      name: {
        id: "name",
        header: t("col.name"),
        sort: "name",
        width: 200,
        cell: (image) => <ImageName image={image} />,
        csv: nameOf,
      },
      status: {
        id: "status",
        header: t("col.status"),
        sort: "status",
        width: 142,
        cell: (image) => <ImageStatus image={image} />,
        csv: (image) => image.status,
      },
      os: { id: "os", header: t("col.os"), sort: "os", width: 118, spare: 1, cell: osOf, csv: osOf },
      type: {
        id: "type",
        header: t("col.type"),
        width: 120,
        cell: (image) => <span title={w(`kind.${image.kind}`)}>{w(`short.${image.kind}`)}</span>,
        csv: (image) => image.kind,
      },
      disk: {
        id: "disk",
        header: t("col.disk"),
        width: 84,
        spare: 1,
        cell: (image) =>
          image.kind === "full_server" || !image.disk_capacity_gib ? "--" : number(image.disk_capacity_gib),
        csv: (image) => image.disk_capacity_gib,
      },
      sharedWith: {
        id: "shared_with",
        header: t("col.sharedWith"),
        width: 118,
        cell: (image) => {
          if (!image.shares) return dash;
          const text = t("tenants", { n: image.shares });
          if (!hasDialog("tenants")) return text;
          return (
            <button
              type="button"
              className="lg-link"
              onClick={(event) => {
                // The row would open its panel, at an address that knows nothing of the dialog.
                event.stopPropagation();
                dialog("tenants", [image.id]);
              }}
            >
              {text}
            </button>
          );
        },
        csv: (image) => image.shares,
      },
      encrypted: {
        id: "encrypted",
        header: t("col.encrypted"),
        width: 122,
        spare: 3,
        cell: (image) => t(`encryption.${image.encryption}`),
        csv: (image) => image.encryption,
      },
      boot: { id: "boot", header: t("col.boot"), width: 100, isHidden: true, cell: bootOf, csv: bootOf },
      arch: { id: "arch", header: t("col.arch"), width: 140, isHidden: true, cell: archOf, csv: archOf },
      size: {
        id: "size",
        header: t("col.size"),
        sort: "size",
        width: 100,
        spare: 2,
        cell: (image) => (image.size_bytes ? bytes(image.size_bytes) : dash),
        csv: (image) => image.size_bytes,
      },
      source: {
        id: "source",
        header: w("field.source"),
        isHidden: true,
        cell: (image) => (image.source_image ? <CopyText text={image.source_image} whole={false} /> : dash),
        csv: (image) => image.source_image,
      },
      tags: {
        id: "tags",
        header: t("col.tags"),
        isHidden: true,
        cell: (image) => (image.tags.length ? image.tags.map((tag) => <Badge key={tag}>{tag}</Badge>) : dash),
        csv: (image) => image.tags.join(" "),
      },
      created: {
        id: "created",
        header: t("col.created"),
        sort: "created_at",
        width: 128,
        cell: (image) => <Ago at={image.created_at} />,
        csv: (image) => image.created_at,
      },
      updated: {
        id: "updated",
        header: t("panel.updated"),
        sort: "updated_at",
        width: 125,
        cell: (image) => <Ago at={image.updated_at} />,
        csv: (image) => image.updated_at,
      },
      memory: {
        id: "memory",
        header: w("field.minMemory"),
        isHidden: true,
        cell: (image) => (image.min_ram_mib ? number(image.min_ram_mib) : dash),
        csv: (image) => image.min_ram_mib,
      },
      id: {
        id: "id",
        header: t("col.id"),
        isHidden: true,
        cell: (image) => <CopyText text={image.id} />,
        csv: (image) => image.id,
      },
      sharedBy: {
        id: "shared_by",
        header: t("col.sharedBy"),
        width: 220,
        cell: (image) => <Tenant tenant={image.owner} />,
        csv: (image) => image.owner.name ?? image.owner.id,
      },
      publishedBy: {
        id: "owner",
        header: t("col.publishedBy"),
        width: 220,
        cell: (image) => <Tenant tenant={image.owner} />,
        csv: (image) => image.owner.name ?? image.owner.id,
      },
      accepted: shareTime("accepted", t("col.accepted")),
      rejected: shareTime("rejected", t("col.rejected")),
      since: shareTime("since", t("col.since")),
      note: {
        id: "note",
        header: t("col.note"),
        width: 200,
        spare: -1,
        cell: (image) => image.share?.note ?? dash,
        csv: (image) => image.share?.note,
      },
      vault: {
        id: "vault",
        header: t("col.vault"),
        width: 130,
        spare: 1,
        cell: (image) => {
          const need = image.actions.accept?.vault_gib;
          return need ? t("gb", { n: need }) : dash;
        },
        csv: (image) => image.actions.accept?.vault_gib,
      },
    } satisfies Record<string, Column<Image>>;
    return columns as Record<keyof typeof columns, Column<Image>>;
  }, [t, w, bytes, number, dialog]);
}

const shareTime = (id: string, header: string): Column<Image> => ({
  id,
  header,
  width: 135,
  cell: (image) => (image.share ? <Ago at={image.share.updated_at} /> : "–"),
  csv: (image) => image.share?.updated_at,
});

/** `size > 10 GB`, as the server is asked; it says itself what it cannot read. */
export function sizeQuery({ operator, value }: Token): Record<string, string> {
  const bytes = bytesOf(value);
  if (operator === "<") return { size_max: bytes === undefined ? value : String(Math.max(0, bytes - 1)) };
  return { size_min: bytes === undefined ? value : String(bytes + 1) };
}

/** What images can be filtered by. */
export function useImageFilters(which: "own" | "received"): Filter[] {
  const t = useTexts(imageTexts);
  const w = useWords();
  return useMemo(() => {
    const kinds = ["system", "data", "full_server", "iso"] as const;
    const filters: Filter[] = [
      {
        key: "status",
        label: t("col.status"),
        values: t("filter.statuses"),
        options: (["active", "queued", "saving", "importing", "deactivated", "killed"] as const).map(
          (value) => ({
            value,
            label: `${value} (${w(`status.${STATUS[value].word}`)})`,
          }),
        ),
      },
      {
        key: "kind",
        label: t("col.type"),
        values: t("filter.types"),
        options: kinds.map((value) => ({ value, label: w(`short.${value}`) })),
      },
      {
        key: "disk_format",
        label: t("filter.format"),
        values: t("filter.formats"),
        options: ["qcow2", "raw", "vmdk", "vhd", "vhdx", "vdi", "iso"].map((value) => ({ value })),
      },
      { key: "tag", label: t("filter.tag"), values: t("col.tags") },
      {
        key: "os",
        label: t("col.os"),
        values: t("col.os"),
        query: ({ value }) => ({ "property.os_distro": value }),
      },
      {
        key: "size",
        label: t("col.size"),
        values: t("filter.sizes"),
        operators: [">", "<"],
        options: ["1 GB", "10 GB", "100 GB"].map((value) => ({ value })),
        query: sizeQuery,
      },
    ];
    if (which === "own") {
      filters.push({
        key: "shared",
        label: t("filter.shared"),
        values: t("filter.yesNo"),
        options: [
          { value: "true", label: t("yes") },
          { value: "false", label: t("no") },
        ],
      });
    } else filters.push({ key: "owner", label: t("filter.owner"), values: t("filter.owner") });
    return filters;
  }, [t, w, which]);
}
