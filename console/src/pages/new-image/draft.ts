import type { Image, Schema } from "~/api/types";
import type { Probe } from "~/uploads/probe";

export type Kind = Image["kind"];

/** What the wizard has been told so far. */
export interface Draft {
  kind: Kind;
  file: File | null;
  probe: Probe | null;
  sha256: string;
  vault: string;
  backup: string;
  name: string;
  osType: "" | "linux" | "windows" | "other";
  os: string;
  osVersion: string;
  arch: "" | "x86_64" | "aarch64";
  firmware: "" | "bios" | "uefi";
  disk: string;
  memory: string;
  description: string;
  tags: string;
  isProtected: boolean;
  /** Whom it is to be shared with: the ids that the server knows. */
  recipients: string[];
  note: string;
  isChecked: boolean;
}

export const EMPTY: Draft = {
  kind: "system",
  file: null,
  probe: null,
  sha256: "",
  vault: "",
  backup: "",
  name: "",
  osType: "",
  os: "",
  osVersion: "",
  arch: "",
  firmware: "",
  disk: "",
  memory: "",
  description: "",
  tags: "",
  isProtected: false,
  recipients: [],
  note: "",
  isChecked: false,
};

const GIB = 1024 ** 3;
export const gibOf = (bytes: number): number => Math.ceil(bytes / GIB);

/** `erp-golden.tar.qcow2` → `erp-golden.tar` */
export const nameOfFile = (name: string): string => name.replace(/\.[^.]{1,6}$/, "").trim() || name;

/** What follows from a file, for the fields that nobody has filled in. */
export function withFile(draft: Draft, file: File, probe: Probe): Draft {
  const isIso = probe.format === "iso";
  const kind = isIso ? "iso" : draft.kind === "iso" ? "system" : draft.kind;
  const wasProposed = draft.file !== null && draft.name === nameOfFile(draft.file.name);
  return {
    ...draft,
    file,
    probe,
    kind,
    name: draft.name && !wasProposed ? draft.name : nameOfFile(file.name),
    firmware: draft.firmware || (probe.firmware ?? ""),
    disk: probe.virtualBytes === null || isIso ? draft.disk : String(gibOf(probe.virtualBytes)),
  };
}

/** Between commas or new lines; each once. */
export const tagsOf = ({ tags }: Draft): string[] => [
  ...new Set(
    tags
      .split(/[,，\n]/)
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
];

export function propertiesOf(draft: Draft): Record<string, string> {
  const all: Record<string, string> = {
    description: draft.description.trim(),
    os_type: draft.osType === "other" ? "" : draft.osType,
    os_distro: draft.os.trim(),
    os_version: draft.osVersion.trim(),
    architecture: draft.arch,
    hw_firmware_type: draft.firmware,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** The record that the bytes of a file go into. */
export function recordOf(draft: Draft): Schema<"NewImageBody"> {
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    disk_format: draft.probe?.format ?? undefined,
    container_format: "bare",
    min_disk_gib: Number(draft.disk) || 0,
    min_ram_mib: Number(draft.memory) || 0,
    protected: draft.isProtected,
    tags: tagsOf(draft),
    properties: propertiesOf(draft),
  };
}

/** What is made of a backup. */
export function serverImageOf(draft: Draft): Schema<"ServerImageBody"> {
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || undefined,
    tags: tagsOf(draft),
  };
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const flags = (name: string, values: string[]) => values.map((value) => `--${name} ${quoted(value)}`);

/** The same on the command line. */
export function commandsOf(draft: Draft): string {
  const name = quoted(draft.name.trim());
  const share = draft.recipients;
  const then = share.length ? [`lend image share ${name} --to ${share.map(quoted).join(",")}`] : [];
  if (draft.kind === "full_server") {
    const of = serverImageOf(draft);
    const made = [
      `lend backup image ${quoted(draft.backup)} --name ${name}`,
      ...flags("description", of.description ? [of.description] : []),
      ...flags("tag", of.tags ?? []),
    ].join(" ");
    return [made, ...(draft.isProtected ? [`lend image set ${name} --protected`] : []), ...then].join("\n");
  }
  const record = recordOf(draft);
  const made = [
    `lend image upload ${name} --file ${quoted(draft.file?.name ?? "FILE")} --kind ${draft.kind}`,
    ...flags("disk-format", record.disk_format ? [record.disk_format] : []),
    ...(record.min_disk_gib ? [`--min-disk ${record.min_disk_gib}`] : []),
    ...(record.min_ram_mib ? [`--min-ram ${record.min_ram_mib}`] : []),
    ...(draft.isProtected ? ["--protected"] : []),
    ...flags("tag", record.tags ?? []),
    ...flags(
      "property",
      Object.entries(record.properties ?? {}).map(([key, value]) => `${key}=${value}`),
    ),
  ].join(" ");
  return [made, ...then].join("\n");
}

/** The same as calls of the native API. */
export function callsOf(draft: Draft): string {
  const body = (what: unknown) => JSON.stringify(what, null, 2);
  const share = draft.recipients;
  const then = share.length
    ? [
        `POST /api/v1/shares\n${body({ images: ["IMAGE"], recipients: share, note: draft.note || undefined })}`,
      ]
    : [];
  if (draft.kind === "full_server") {
    return [`POST /api/v1/backups/${draft.backup}/image\n${body(serverImageOf(draft))}`, ...then].join(
      "\n\n",
    );
  }
  const metadata = ["image …", "filename …", ...(draft.sha256 ? ["sha256 …"] : [])].join(",");
  return [
    `POST /api/v1/images\n${body(recordOf(draft))}`,
    `POST /api/v1/uploads\nTus-Resumable: 1.0.0\nUpload-Length: ${draft.file?.size ?? 0}\nUpload-Metadata: ${metadata}`,
    "PATCH /api/v1/uploads/UPLOAD\nTus-Resumable: 1.0.0\nUpload-Offset: 0\nContent-Type: application/offset+octet-stream",
    ...then,
  ].join("\n\n");
}
