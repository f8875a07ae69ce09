import { describe, expect, it } from "vitest";
import type { Image } from "~/api/types";
import { formOf, patchOf } from "./patch";

const image = {
  name: "erp-golden",
  min_disk_gib: 0,
  min_ram_mib: 1024,
  properties: { description: "ERP", os_distro: "ubuntu", max_ram: "4096", own: "x" },
} as unknown as Image;
const form = formOf(image);

describe("a change of an image", () => {
  it("is nothing where nothing differs", () => {
    expect(patchOf(image, form)).toEqual({});
    expect(patchOf(image, { ...form, minDisk: "" })).toEqual({});
  });

  it("names what differs, and takes out what was emptied", () => {
    expect(patchOf(image, { ...form, name: "erp", minMemory: "2048" })).toEqual({
      name: "erp",
      min_ram_mib: 2048,
    });
    expect(
      patchOf(image, { ...form, description: "", boot: "uefi", queues: true, maxMemory: "0" }).properties,
    ).toEqual({
      description: null,
      hw_firmware_type: "uefi",
      hw_vif_multiqueue_enabled: "true",
      max_ram: null,
    });
  });
});
