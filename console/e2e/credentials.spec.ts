import { readFile } from "node:fs/promises";
import { B, expect, test } from "./support/fixtures";

test("id_02_id_04_id_05_the_card_of_a_project_is_what_the_share_box_takes", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const mine = await bob.openAt("me/credentials");
  const row = mine.getByRole("row", { name: /project-b\b/ }).filter({ hasText: "r1" });
  await expect(row).toContainText(B);
  await expect(mine.getByText(say("Account id", "账号 ID"), { exact: true })).toBeVisible();
  await row.getByRole("button", { name: say("Sharing card", "共享名片") }).click();
  const card = await mine.evaluate(() => navigator.clipboard.readText());
  expect(card).toContain(`r1/${B}`);

  const page = await alice.open(`images/private?dialog=share&ids=${image}`);
  const dialog = page.getByRole("dialog");
  const box = dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") });
  await box.fill(card);
  await box.press("Enter");
  await dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") }).click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(image, B)).toBe("pending");
});

test("id_02_clouds_yaml_is_downloaded_without_a_password", async ({ bob, say }) => {
  const page = await bob.openAt("me/credentials");
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: say("Download clouds.yaml", "下载 clouds.yaml") }).click();
  const file = await readFile(await (await coming).path(), "utf8");
  expect(file).toContain(`${bob.server.url}/v3`);
  expect(file).toContain("bob");
  expect(file).not.toContain("password: demo");
});
