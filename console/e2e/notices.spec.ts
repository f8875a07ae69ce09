import { expect, test } from "./support/fixtures";
import { fullServer } from "./support/places";

test("a_vault_that_is_nearly_full_waits_in_the_bell_which_leads_to_it", { tag: "@once" }, async ({
  alice,
}) => {
  const page = await alice.open("images/private");
  const bell = page.getByRole("button", { name: "Notices" });
  await expect(bell).toHaveAccessibleName("Notices");
  const { vault } = await fullServer(alice, "erp", { gib: 8, vault: 10 });
  // The page hears of it by itself.
  await expect(bell).toHaveAccessibleName("Notices, 1 unread");
  await page.evaluate(() => Object.assign(window, { isStillHere: true }));
  await bell.click();
  await page.getByRole("menuitem", { name: "The vault “erp-vault” is nearly full: 8 of 10 GB" }).click();
  await expect(page).toHaveURL(new RegExp(`/vaults/${vault}$`));
  await expect(page.getByRole("heading", { name: "erp-vault" })).toBeVisible();
  await expect(bell).toHaveAccessibleName("Notices");
  expect(await page.evaluate(() => "isStillHere" in window), "the console is not loaded anew").toBe(true);
});
