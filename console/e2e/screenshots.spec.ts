import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "@playwright/test";
import { A, B, C, expect, test } from "./support/fixtures";
import { settled } from "./support/look";
import { fullServer } from "./support/places";

/** `LENDGLASS_BLESS=1` renews the pictures of the manual; else they are looked at and thrown away. */
const FOLDER = process.env.LENDGLASS_BLESS
  ? resolve(import.meta.dirname, "../../docs/screenshots")
  : resolve(import.meta.dirname, "../test-results/screenshots");
const README_BYTES_MAX = 150 * 1024;

test.use({ viewport: { width: 1280, height: 760 } });
test.setTimeout(240_000);

test("the_six_key_screens_are_pictured_in_both_themes", async ({ alice, bob, isChinese, say }) => {
  mkdirSync(FOLDER, { recursive: true });
  const golden = await alice.image("erp-golden", {
    tags: ["env=prod"],
    min_ram_mib: 4096,
    properties: {
      os_distro: "debian",
      os_version: "12",
      architecture: "x86_64",
      description: "ERP 12, hardened",
    },
  });
  const web = await alice.image("web-base", { properties: { os_distro: "ubuntu", os_version: "24.04" } });
  const batch = await alice.image("batch-worker", { properties: { os_distro: "rocky", os_version: "9" } });
  const tiles = await alice.image("map-tiles", { kind: "data" });
  await alice.share([golden], [C], { note: "for the move" });
  await alice.share([web, batch, tiles], [B], { note: "for the move" });
  await bob.answer("accept", [batch, tiles]);
  const full = await fullServer(alice, "erp-full", { gib: 40, vault: 100 });
  await alice.share([full.image], [B]);
  await bob.call("POST", "/vaults", { name: "vault-b", capacity_gib: 100 }, B);
  await bob.call("POST", "/vaults", { name: "vault-old", capacity_gib: 30 }, B);

  const picture = async (page: Page, name: string) => {
    await settled(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await expect(page.locator("body")).toHaveClass(
        colorScheme === "dark" ? /awsui-dark-mode/ : /^(?!.*awsui-dark-mode)/,
      );
      const path = join(FOLDER, `${name}-${isChinese ? "zh" : "en"}-${colorScheme}.png`);
      await page.screenshot({ path, animations: "disabled", caret: "hide" });
      expect(statSync(path).size, path).toBeLessThan(README_BYTES_MAX);
    }
  };

  let page = await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await picture(page, "private");

  page = await alice.open(`images/private?dialog=share&ids=${golden},${web}`);
  const share = page.getByRole("dialog");
  await share.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} ${C} ${A} `);
  await expect(share.getByRole("listitem").filter({ hasText: "aaaa" })).toBeVisible();
  await picture(page, "share");

  page = await bob.open("images/shared", B);
  await expect(page.getByRole("rowheader", { name: "batch-worker" })).toBeVisible();
  await expect(page.getByRole("button", { name: say("Accept all", "全部接受") })).toBeVisible();
  await picture(page, "shared-with-me");

  page = await bob.open(`images/shared/pending?dialog=accept&ids=${full.image}`, B);
  await expect(page.getByRole("dialog").getByRole("radio", { name: /vault-b/ })).toBeVisible();
  await picture(page, "accept");

  page = await alice.open(`images/${golden}/summary`);
  await expect(page.getByText("ERP 12, hardened").first()).toBeVisible();
  await picture(page, "image");

  page = await alice.open("images/new");
  await picture(page, "new-image");
});
