import { B, expect, type Person, test } from "./support/fixtures";

/** Counts what pointers do on a page. */
async function countPointers({ page }: Person) {
  await page.addInitScript(() => {
    const seen = { pointers: 0 };
    (window as unknown as { seen: typeof seen }).seen = seen;
    for (const kind of ["pointerdown", "mousedown", "touchstart"])
      addEventListener(kind, () => (seen.pointers += 1), { capture: true });
  });
  return () => page.evaluate(() => (window as unknown as { seen: { pointers: number } }).seen.pointers);
}

test("uxt_07_xc_08_sharing_and_accepting_by_keyboard_alone", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const pointersOfAlice = await countPointers(alice);
  let page = await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Space");
  await expect(
    page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }),
  ).toBeChecked();
  await expect(page.getByRole("button", { name: say("Share", "共享"), exact: true })).toBeEnabled();
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await expect(dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") })).toBeFocused();
  await page.keyboard.type(`${B},`);
  const submit = dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") });
  await expect(submit).toBeVisible();
  for (let presses = 0; presses < 25; presses++) {
    if (await submit.evaluate((one) => one === document.activeElement)) break;
    await page.keyboard.press("Tab");
  }
  await expect(submit).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(image, B)).toBe("pending");
  expect(await pointersOfAlice()).toBe(0);

  const pointersOfBob = await countPointers(bob);
  page = await bob.open("images/private", B);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/images\/shared$/);
  await expect(page.getByRole("link", { name: say("View details", "查看详情") })).toBeVisible();
  await page.getByRole("link", { name: say("View details", "查看详情") }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/images\/shared\/pending$/);
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Space");
  await expect(
    page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }),
  ).toBeChecked();
  await page.keyboard.press("a");
  await expect(page.getByText(say("Accepted 1 image", "已接受 1 个镜像"))).toBeVisible();
  expect(await alice.stateOf(image, B)).toBe("accepted");
  expect(await pointersOfBob()).toBe(0);
});

test("xc_08_a_dialog_keeps_the_focus_and_gives_it_back", async ({ alice, say }) => {
  await alice.image("erp-golden");
  const page = await alice.open("images/private");
  await page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }).check();
  const share = page.getByRole("button", { name: say("Share", "共享"), exact: true });
  await share.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  for (let presses = 0; presses < 25; presses++) {
    await page.keyboard.press("Tab");
    expect(
      await dialog.evaluate(
        (one) => one.contains(document.activeElement) || document.activeElement === document.body,
      ),
    ).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(share).toBeFocused();
});

test("ui_03_the_palette_finds_pages_and_images", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: say("Search or jump…", "搜索或跳转…") });
  await expect(field).toBeFocused();
  await page.keyboard.type("golden");
  await expect(page.getByRole("option", { name: /erp-golden/ })).toBeVisible();
  await expect(page.getByRole("option", { name: /erp-golden/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(image));
});

test("xc_08_single_keys_can_be_switched_off", async ({ alice, say }) => {
  await alice.image("erp-golden");
  const page = await alice.openAt("me/preferences");
  await page.getByRole("checkbox", { name: say("Single-key shortcuts", "单键快捷键") }).click();
  await expect
    .poll(async () => (await alice.call<{ shortcuts?: boolean }>("GET", "/me/preferences")).shortcuts)
    .toBe(false);
  await alice.open("images/shared");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: say("Search", "搜索") })).toBeVisible();
  await expect(page).toHaveURL(/images\/shared$/);
});
