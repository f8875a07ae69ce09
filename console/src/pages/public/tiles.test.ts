import { expect, it } from "vitest";
import { countSystems, nameOfSystem } from "./OsTiles";

it("systems are counted, the most frequent first; images without one are left out", () => {
  const of = (system?: string) => ({ properties: system ? { os_distro: system } : {} }) as never;
  expect(countSystems([of("debian"), of("ubuntu"), of("ubuntu"), of(), of("centos")])).toEqual([
    ["ubuntu", 2],
    ["centos", 1],
    ["debian", 1],
  ]);
});

it("systems have the names their makers give them", () => {
  expect(["centos", "rocky", "haiku"].map(nameOfSystem)).toEqual(["CentOS", "Rocky Linux", "Haiku"]);
});
