/*
 * What a file is, read from its beginning and its end: never more than a few hundred KiB of it. For telling
 * people early; the server reads the bytes itself, and its word counts.
 */

/** The words of the server for formats. */
export type DiskFormat =
  | "qcow2"
  | "vmdk"
  | "vhd"
  | "vhdx"
  | "vdi"
  | "iso"
  | "raw"
  | "gpt"
  | "luks"
  | "qed"
  | "ploop";

export interface Probe {
  /** As people call it: `QCOW2 v3`. */
  label: string;
  /** None: not a disk image that can be uploaded. */
  format: DiskFormat | null;
  /** Bytes of the disk inside; none where the header does not tell. */
  virtualBytes: number | null;
  /** The other file that it refers to; empty where the header does not name it. */
  backing?: string;
  /** The disk boots by this, as its partition table tells. */
  firmware?: "uefi" | "bios";
  /** What the volume calls itself. */
  volume?: string;
}

const HEAD = 320 * 1024;
const SECTOR = 512;

class Bytes {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(buffer: ArrayBuffer) {
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  get length() {
    return this.#bytes.length;
  }
  #fits(at: number, length: number) {
    return at >= 0 && at + length <= this.length;
  }
  text(at: number, length: number): string {
    return [...this.#bytes.subarray(Math.max(0, at), at + length)]
      .map((byte) => String.fromCharCode(byte))
      .join("");
  }
  is(at: number, word: string): boolean {
    return this.text(at, word.length) === word;
  }
  u8(at: number): number {
    return this.#bytes[at] ?? 0;
  }
  u32(at: number, little: boolean): number {
    return this.#fits(at, 4) ? this.#view.getUint32(at, little) : 0;
  }
  u64(at: number, little: boolean): number {
    return this.#fits(at, 8) ? Number(this.#view.getBigUint64(at, little)) : 0;
  }
  /** Text up to the first zero. */
  name(at: number, length: number): string {
    const bytes = this.#bytes.subarray(at, Math.min(at + length, at + 1024));
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
  }
}

const read = async (file: Blob, from: number, to: number) =>
  new Bytes(await file.slice(Math.max(0, from), to).arrayBuffer());

/** Reads what a file is. A VHD says it in its footer, which dynamic ones repeat at the beginning. */
export async function probe(file: Blob): Promise<Probe> {
  const head = await read(file, 0, HEAD);
  const known =
    qcow(head) ??
    (await vmdk(file, head)) ??
    (await vhdx(file, head)) ??
    vdi(head) ??
    qed(head) ??
    vhd(head) ??
    other(head) ??
    iso(file, head);
  if (known) return known;
  const tail = await read(file, file.size - SECTOR, file.size);
  return vhd(tail) ?? raw(file, head);
}

const nothing = (label: string): Probe => ({ label, format: null, virtualBytes: null });

function qcow(head: Bytes): Probe | undefined {
  if (!head.is(0, "QFI\xfb")) return undefined;
  const version = head.u32(4, false);
  if (version === 1) return nothing("QCOW v1");
  const [nameAt, nameLength] = [head.u64(8, false), head.u32(16, false)];
  const isApart = version >= 3 && (head.u32(76, false) & 4) !== 0;
  return {
    label: `QCOW2 v${version}`,
    format: "qcow2",
    virtualBytes: head.u64(24, false),
    backing: nameAt > 0 ? head.name(nameAt, nameLength) : isApart ? "" : undefined,
  };
}

async function vmdk(file: Blob, head: Bytes): Promise<Probe | undefined> {
  if (head.is(0, "# Disk Descriptor")) {
    const text = head.text(0, Math.min(head.length, 64 * 1024));
    const extent = /^\s*(?:RW|RDONLY)\s+\d+\s+\w+\s+"([^"]*)"/m.exec(text)?.[1];
    return { label: "VMDK", format: "vmdk", virtualBytes: null, backing: extent ?? "" };
  }
  if (head.is(0, "COWD")) return nothing("VMDK (ESX COWD)");
  if (!head.is(0, "KDMV")) return undefined;
  const at = head.u64(28, true) * SECTOR;
  const length = Math.min(head.u64(36, true) * SECTOR, 64 * 1024);
  const text = (await read(file, at, at + length)).text(0, length);
  const parent = /^\s*parentCID\s*=\s*([0-9a-f]+)/im.exec(text)?.[1];
  const hint = /^\s*parentFileNameHint\s*=\s*"([^"]*)"/m.exec(text)?.[1];
  const type = /^\s*createType\s*=\s*"([^"]*)"/m.exec(text)?.[1];
  return {
    label: type ? `VMDK ${type}` : "VMDK",
    format: "vmdk",
    virtualBytes: head.u64(12, true) * SECTOR,
    backing: parent !== undefined && !/^f{8}$/i.test(parent) ? (hint ?? "") : undefined,
  };
}

const VHD_KINDS: Record<number, string> = { 2: "fixed", 3: "dynamic", 4: "differencing" };

function vhd(footer: Bytes): Probe | undefined {
  if (!footer.is(0, "conectix")) return undefined;
  const kind = footer.u32(60, false);
  return {
    label: `VHD ${VHD_KINDS[kind] ?? ""}`.trim(),
    format: "vhd",
    virtualBytes: footer.u64(48, false),
    backing: kind === 4 ? "" : undefined,
  };
}

// As GUIDs lie on disk: 8B7CA206-…, 2FA54224-…, CAA16737-…
const VHDX_METADATA = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e";
const VHDX_SIZE = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8";
const VHDX_PARAMETERS = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b";
const VHDX_REGIONS = 192 * 1024;

/** The metadata of a VHDX lies beyond its head. */
async function vhdx(file: Blob, head: Bytes): Promise<Probe | undefined> {
  if (!head.is(0, "vhdxfile")) return undefined;
  const found: Probe = { label: "VHDX", format: "vhdx", virtualBytes: null };
  const regions = Math.min(head.u32(VHDX_REGIONS + 8, true), 64);
  const region = Array.from({ length: regions }, (_, one) => VHDX_REGIONS + 16 + one * 32).find((at) =>
    head.is(at, VHDX_METADATA),
  );
  if (region === undefined) return found;
  const place = head.u64(region + 16, true);
  const table = await read(file, place, place + Math.min(head.u32(region + 24, true), HEAD));
  for (let entry = 0; entry < Math.min(table.u32(8, true) >>> 16, 64); entry++) {
    const at = 32 + entry * 32;
    const value = table.u32(at + 16, true);
    if (table.is(at, VHDX_SIZE)) found.virtualBytes = table.u64(value, true);
    if (table.is(at, VHDX_PARAMETERS) && (table.u32(value + 4, true) & 2) !== 0) found.backing = "";
  }
  return found;
}

function vdi(head: Bytes): Probe | undefined {
  if (head.u32(64, true) !== 0xbeda107f) return undefined;
  const kind = head.u32(76, true);
  return {
    label: "VDI",
    format: "vdi",
    virtualBytes: head.u64(368, true),
    backing: kind === 3 || kind === 4 ? "" : undefined,
  };
}

function qed(head: Bytes): Probe | undefined {
  if (!head.is(0, "QED\0")) return undefined;
  const hasBacking = (head.u64(16, true) & 1) !== 0;
  return {
    label: "QED",
    format: "qed",
    virtualBytes: head.u64(48, true),
    backing: hasBacking ? head.name(head.u32(56, true), head.u32(60, true)) : undefined,
  };
}

/** What is something else, or no disk at all. */
function other(head: Bytes): Probe | undefined {
  if (head.is(0, "LUKS\xba\xbe")) return { label: "LUKS", format: "luks", virtualBytes: null };
  if (head.is(0, "WithoutFreeSpace") || head.is(0, "WithouFreSpacExt"))
    return { label: "Parallels", format: "ploop", virtualBytes: null };
  const archives: [number, string, string][] = [
    [257, "ustar", /\.ovf$/i.test(head.name(0, 100)) ? "OVA" : "tar"],
    [0, "\x1f\x8b", "gzip"],
    [0, "\xfd7zXZ\0", "xz"],
    [0, "(\xb5/\xfd", "zstd"],
    [0, "BZh", "bzip2"],
    [0, "PK\x03\x04", "zip"],
    [0, "7z\xbc\xaf", "7z"],
    [0, "MSWIM\0", "WIM"],
    [0, "%PDF", "PDF"],
    [0, "\x7fELF", "ELF"],
  ];
  const found = archives.find(([at, word]) => head.is(at, word));
  return found && nothing(found[2]);
}

function iso(file: Blob, head: Bytes): Probe | undefined {
  const words = ["CD001", "BEA01", "NSR02", "NSR03"];
  if (!words.some((word) => head.is(0x8001, word))) return undefined;
  return {
    label: "ISO 9660",
    format: "iso",
    virtualBytes: file.size,
    volume: head.is(0x8001, "CD001") ? head.name(0x8028, 32) || undefined : undefined,
  };
}

const EFI_SYSTEM = "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";

function raw(file: Blob, head: Bytes): Probe {
  const common = { format: "raw" as const, virtualBytes: file.size };
  if (head.u8(510) !== 0x55 || head.u8(511) !== 0xaa) return { label: "raw", ...common };
  const types = [0, 1, 2, 3].map((entry) => head.u8(450 + entry * 16));
  const sector = [512, 4096].find((size) => head.is(size, "EFI PART"));
  if (!sector || !types.includes(0xee)) {
    return { label: "raw, MBR", ...common, firmware: types.includes(0xef) ? "uefi" : "bios" };
  }
  const table = head.u64(sector + 72, true) * sector;
  const size = head.u32(sector + 84, true);
  const entries = Math.min(head.u32(sector + 80, true), 128);
  const hasSystem = Array.from({ length: entries }, (_, one) => table + one * size).some((at) =>
    head.is(at, EFI_SYSTEM),
  );
  return { label: "raw, GPT", ...common, firmware: hasSystem ? "uefi" : undefined };
}

const PRINT = 512 * 1024;

/** Tells files apart that have one name and one size: a digest over the beginning and the end. */
export async function fingerprint(file: Blob): Promise<string> {
  const parts = [file.slice(0, PRINT), file.slice(Math.max(PRINT, file.size - PRINT))];
  // FNV-1a twice, with different beginnings: pages without TLS have no digests of the browser's own.
  let [one, two] = [0x811c9dc5, 0x01000193];
  for (const part of parts) {
    for (const byte of new Uint8Array(await part.arrayBuffer())) {
      one = Math.imul(one ^ byte, 0x01000193);
      two = Math.imul(two ^ byte, 0x85ebca6b);
      two ^= two >>> 13;
    }
  }
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return `${hex(one)}${hex(two)}`;
}
