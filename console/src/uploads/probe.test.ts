// @vitest-environment node
import { expect, it } from "vitest";
import { fingerprint, probe } from "./probe";

/** A file with some words at some places. */
function file(length: number, ...parts: [at: number, what: string | Uint8Array][]): Blob {
  const bytes = new Uint8Array(length);
  for (const [at, what] of parts) {
    bytes.set(typeof what === "string" ? Uint8Array.from(what, (one) => one.charCodeAt(0)) : what, at);
  }
  return new Blob([bytes]);
}
const number = (value: bigint | number, size: 4 | 8, little: boolean) => {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 4) view.setUint32(0, Number(value), little);
  else view.setBigUint64(0, BigInt(value), little);
  return bytes;
};
const GIB = 1024 ** 3;

it("reads the disk inside a qcow2, and the file that it builds upon", async () => {
  const plain = file(
    70_000,
    [0, "QFI\xfb"],
    [4, number(3, 4, false)],
    [24, number(40n * 1024n ** 3n, 8, false)],
  );
  expect(await probe(plain)).toMatchObject({ label: "QCOW2 v3", format: "qcow2", virtualBytes: 40 * GIB });
  expect((await probe(plain)).backing).toBeUndefined();
  const layered = file(
    70_000,
    [0, "QFI\xfb"],
    [4, number(2, 4, false)],
    [8, number(200, 8, false)],
    [16, number(9, 4, false)],
    [200, "base.imgX"],
  );
  expect(await probe(layered)).toMatchObject({ label: "QCOW2 v2", backing: "base.imgX" });
});

it("finds the footer of a fixed VHD, and refuses differences", async () => {
  const footer = (kind: number): [number, string | Uint8Array][] => [
    [99_488, "conectix"],
    [99_536, number(5n * 1024n ** 3n, 8, false)],
    [99_548, number(kind, 4, false)],
  ];
  expect(await probe(file(100_000, ...footer(2)))).toEqual({
    label: "VHD fixed",
    format: "vhd",
    virtualBytes: 5 * GIB,
    backing: undefined,
  });
  expect(await probe(file(100_000, ...footer(4)))).toMatchObject({ backing: "" });
});

it("reads size and parent of a VMDK from its header and its descriptor", async () => {
  const vmdk = (parent: string) =>
    file(
      70_000,
      [0, "KDMV"],
      [12, number(2_097_152, 8, true)],
      [28, number(1, 8, true)],
      [36, number(20, 8, true)],
      [
        512,
        `# Disk DescriptorFile\nCID=1\nparentCID=${parent}\ncreateType="monolithicSparse"\nparentFileNameHint="base.vmdk"\n`,
      ],
    );
  const whole = await probe(vmdk("ffffffff"));
  expect(whole).toMatchObject({ label: "VMDK monolithicSparse", virtualBytes: GIB });
  expect(whole.backing).toBeUndefined();
  expect(await probe(vmdk("0a0b0c0d"))).toMatchObject({ backing: "base.vmdk" });
});

it("takes anything else for a raw disk, but no archive", async () => {
  const boot: [number, string][] = [
    [450, "\x83"],
    [510, "\x55\xaa"],
  ];
  expect(await probe(file(65_536, ...boot))).toMatchObject({ format: "raw", firmware: "bios" });
  expect(await probe(file(65_536, [0x8001, "CD001"], [0x8028, "FEDORA "]))).toMatchObject({
    format: "iso",
    volume: "FEDORA",
  });
  expect(await probe(file(5_000, [0, "\x1f\x8b"]))).toEqual({
    label: "gzip",
    format: null,
    virtualBytes: null,
  });
  expect(await probe(file(1024, [257, "ustar"], [0, "box.ovf"]))).toMatchObject({ label: "OVA" });
});

it("tells files of one size apart", async () => {
  const [one, two] = [file(3_000_000, [2_999_999, "a"]), file(3_000_000, [2_999_999, "b"])];
  expect(await fingerprint(one)).toMatch(/^[0-9a-f]{16}$/);
  expect(await fingerprint(one)).toBe(await fingerprint(file(3_000_000, [2_999_999, "a"])));
  expect(await fingerprint(one)).not.toBe(await fingerprint(two));
});
