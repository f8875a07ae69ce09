import { describe, expect, it } from "vitest";
import type { Vault } from "~/api/types";
import { translator } from "~/i18n/texts";
import { texts } from "./texts";
import { newNameProblem, newSizeProblem, suggested, vaultProblem } from "./vaults";

const t = translator(texts, "en");
const vault = (changed: Partial<Vault>): Vault =>
  ({
    name: "vault-b",
    object_type: "server",
    protection: "backup",
    status: "available",
    free_gib: 80,
    ...changed,
  }) as Vault;

describe("FS-03 a vault for a full server", () => {
  it("has room to the last GiB, is a backup vault, and is open", () => {
    expect(vaultProblem(vault({}), 80, t)).toBeUndefined();
    expect(vaultProblem(vault({}), 81, t)).toBe("“vault-b” has 80 GB free; 81 GB are needed.");
    expect(vaultProblem(vault({ protection: "replication" }), 1, t)).toBe("“vault-b” is not a backup vault.");
    expect(vaultProblem(vault({ object_type: "disk" }), 1, t)).toBe("“vault-b” is not a backup vault.");
    expect(vaultProblem(vault({ status: "frozen" }), 1, t)).toContain("frozen");
  });

  it("can be made on the way: named once, and large enough", () => {
    const known = [vault({})];
    expect(newNameProblem("vault-erp", known, t)).toBeUndefined();
    expect(newNameProblem("vault-b", known, t)).toContain("already");
    for (const name of ["", " a", "x".repeat(65)]) expect(newNameProblem(name, known, t)).toContain("1–64");
    expect(newSizeProblem("80", 80, t)).toBeUndefined();
    for (const size of ["79", "80.5", "", "99999999"]) expect(newSizeProblem(size, 80, t), size).toBeTruthy();
    expect(suggested([vault({ name: "vault-2" })], 120)).toEqual({ name: "vault-3", size: "120" });
    expect(suggested([], 8)).toEqual({ name: "vault-1", size: "100" });
  });
});
