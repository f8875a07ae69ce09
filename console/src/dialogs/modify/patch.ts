import type { Image, Schema } from "~/api/types";
import { typedNumber } from "../fields/fields";

export interface Form {
  name: string;
  description: string;
  os: string;
  version: string;
  arch: string;
  boot: string;
  queues: boolean;
  minDisk: string;
  minMemory: string;
  maxMemory: string;
}

/** Where the fields live that are properties of the record. */
const PROPERTY = {
  description: "description",
  os: "os_distro",
  version: "os_version",
  arch: "architecture",
  boot: "hw_firmware_type",
} as const;
const QUEUES = "hw_vif_multiqueue_enabled";
const MAX_MEMORY = "max_ram";

export function formOf(image: Image): Form {
  const property = (name: string) => image.properties[name] ?? "";
  return {
    name: image.name ?? "",
    description: property(PROPERTY.description),
    os: property(PROPERTY.os),
    version: property(PROPERTY.version),
    arch: property(PROPERTY.arch),
    boot: property(PROPERTY.boot),
    queues: property(QUEUES) === "true",
    minDisk: String(image.min_disk_gib),
    minMemory: String(image.min_ram_mib),
    maxMemory: property(MAX_MEMORY) || "0",
  };
}

/** Only what differs: what nobody touched stays as others may have changed it meanwhile. */
export function patchOf(image: Image, form: Form): Schema<"ImagePatch"> {
  const before = formOf(image);
  const patch: Schema<"ImagePatch"> = {};
  if (form.name !== before.name) patch.name = form.name;
  if (typedNumber(form.minDisk) !== image.min_disk_gib) patch.min_disk_gib = typedNumber(form.minDisk);
  if (typedNumber(form.minMemory) !== image.min_ram_mib) patch.min_ram_mib = typedNumber(form.minMemory);
  const properties: Record<string, string | null> = {};
  for (const field of Object.keys(PROPERTY) as (keyof typeof PROPERTY)[]) {
    if (form[field] !== before[field]) properties[PROPERTY[field]] = form[field] || null;
  }
  if (form.queues !== before.queues) properties[QUEUES] = form.queues ? "true" : null;
  if (typedNumber(form.maxMemory) !== typedNumber(before.maxMemory)) {
    properties[MAX_MEMORY] = typedNumber(form.maxMemory) ? String(typedNumber(form.maxMemory)) : null;
  }
  if (Object.keys(properties).length) patch.properties = properties;
  return patch;
}
