import { expect, it } from "vitest";
import { callsOf, commandsOf, EMPTY, gibOf, nameOfFile, recordOf, withFile } from "./draft";

const file = (name: string) => new File(["x"], name);
const qcow2 = { label: "QCOW2 v3", format: "qcow2" as const, virtualBytes: 40 * 1024 ** 3 + 1 };

it("takes from a file what nobody has filled in", () => {
  const first = withFile(EMPTY, file("erp golden.qcow2"), { ...qcow2, firmware: "uefi" });
  expect(first).toMatchObject({ name: "erp golden", disk: "41", firmware: "uefi", kind: "system" });
  expect(withFile(first, file("web.img"), qcow2).name).toBe("web");
  expect(withFile({ ...first, name: "mine" }, file("web.img"), qcow2)).toMatchObject({
    name: "mine",
    firmware: "uefi",
  });
});

it("makes ISO images of ISO files and of nothing else", () => {
  const iso = withFile(EMPTY, file("f.iso"), { label: "ISO 9660", format: "iso", virtualBytes: 5 });
  expect(iso).toMatchObject({ kind: "iso", disk: "" });
  expect(withFile(iso, file("a.qcow2"), qcow2).kind).toBe("system");
});

it("says on the command line what it sends", () => {
  const draft = {
    ...withFile(EMPTY, file("it's.qcow2"), qcow2),
    name: "erp 1",
    tags: "env=prod，demo, demo",
    os: "ubuntu",
    isProtected: true,
    recipients: ["4f0c2a7be1d94c0f9a6d1f0c55d0e291"],
  };
  expect(commandsOf(draft)).toBe(
    "lend image upload 'erp 1' --file 'it'\\''s.qcow2' --kind system --disk-format qcow2 --min-disk 41 " +
      "--protected --tag env=prod --tag demo --property os_distro=ubuntu\n" +
      "lend image share 'erp 1' --to 4f0c2a7be1d94c0f9a6d1f0c55d0e291",
  );
  expect(recordOf(draft)).toMatchObject({ name: "erp 1", tags: ["env=prod", "demo"], protected: true });
  expect(callsOf(draft)).toContain("POST /api/v1/uploads");
  const server = { ...draft, kind: "full_server" as const, backup: "b1" };
  expect(commandsOf(server)).toContain("lend backup image b1 --name 'erp 1' --tag env=prod --tag demo");
});

it("rounds disks up to whole GiB", () => {
  expect([gibOf(1), gibOf(1024 ** 3), gibOf(1024 ** 3 + 1)]).toEqual([1, 1, 2]);
  expect(nameOfFile(".qcow2")).toBe(".qcow2");
});
