import { A, B, C, expect, test } from "./support/fixtures";

test("uxt_01_sh_10_sh_11_sh_12_sh_13_rc_04_rc_05_two_images_are_lent_and_accepted", async ({
  alice,
  bob,
  say,
}) => {
  const first = await alice.image("erp-golden");
  const second = await alice.image("web-base");
  await alice.image("left-alone");

  let page = await alice.open("images/private");
  await page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }).check();
  await page.getByRole("checkbox", { name: say("Select web-base", "选择 web-base") }).check();
  await page.getByRole("button", { name: say("Share", "共享"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: say("Share 2 images", "共享 2 个镜像") });
  await expect(dialog.getByRole("row", { name: /erp-golden/ })).toBeVisible();
  await expect(dialog.getByRole("row", { name: /web-base/ })).toBeVisible();
  await expect(dialog.getByText("left-alone")).toHaveCount(0);
  const box = dialog.getByRole("textbox", { name: say("Tenant ids (project ids)", "租户 ID（项目 ID）") });
  await box.pressSequentially(`${B}，`);
  await box.pressSequentially(`${C}，`);
  await expect(dialog.getByRole("button", { name: say("Remove project-b", "移除 project-b") })).toBeVisible();
  await expect(dialog.getByRole("button", { name: say("Remove project-c", "移除 project-c") })).toBeVisible();
  await dialog.getByRole("button", { name: say("Share with 2 tenants", "共享给 2 个租户") }).click();
  await expect(dialog).toBeHidden();
  await expect(
    page.getByText(
      say(
        "Shared 2 images with 2 tenants – waiting for their answers",
        "已将 2 个镜像 共享给 2 个租户，等待答复",
      ),
    ),
  ).toBeVisible();
  await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText(say("2 tenants", "2 个租户"));

  page = await bob.open("images/shared", B);
  const tab = page.getByRole("link", {
    name: say("Shared with me, 2 wait for an answer", "共享给我的镜像，2 个待接受"),
  });
  await expect(tab).toBeVisible();
  const bar = page.getByRole("region", {
    name: say("2 shared images wait for your answer", "2 个共享镜像等待您的答复"),
  });
  await expect(bar).toContainText(say("project-a shared “erp-golden”", "project-a 共享了“erp-golden”"));
  await bar.getByRole("button", { name: say("Accept all", "全部接受") }).click();
  await expect(bar).toBeHidden();
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "web-base" })).toBeVisible();
  expect(await alice.stateOf(first, B)).toBe("accepted");
  expect(await alice.stateOf(second, B)).toBe("accepted");
  expect(await alice.stateOf(second, C)).toBe("pending");
});

test("sh_10_sh_22_one_image_is_shared_from_its_row_with_a_note", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  let page = await alice.open("images/private");
  await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
  await page.getByRole("menuitem", { name: say("Share", "共享"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} `);
  await dialog
    .getByRole("textbox", { name: say("Note to recipients", "给接收方的备注") })
    .fill("for the move");
  await dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") }).click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(image, B)).toBe("pending");
  page = await bob.open("images/shared/pending", B);
  await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText("for the move");
});

test("sh_08_sh_13_sh_19_each_id_is_judged_by_itself", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [C]);
  const page = await alice.open(`images/private?dialog=share&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  const box = dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") });
  const none = "e".repeat(32);
  await box.fill(`${B}, ${C}; ${A} nobody!`);
  await box.press("Enter");
  await box.fill(none);
  await box.press("Enter");
  await expect(dialog.getByRole("listitem").filter({ hasText: "project-b" })).toBeVisible();
  await expect(dialog.getByRole("listitem").filter({ hasText: "project-c" })).toContainText(
    say("already has it (Pending)", "已拥有该镜像（待接受）"),
  );
  await expect(
    dialog.getByText(say("“nobody!” is not a tenant id.", "“nobody!”不是有效的租户 ID。")),
  ).toBeVisible();
  const submit = dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") });
  await expect(submit).toHaveAttribute("aria-disabled", "true");
  await submit.focus();
  await expect(submit).toHaveAccessibleDescription(say("3 ids cannot be used", "3 个 ID 无法使用"));
  await dialog.getByRole("button", { name: say("Remove them", "移除"), exact: true }).click();
  await expect(submit).not.toHaveAttribute("aria-disabled", "true");
  await submit.click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(image, B)).toBe("pending");
});

test("uxt_14_sh_05_sh_11_what_cannot_be_shared_is_struck_through_with_the_reason", async ({ alice, say }) => {
  const good = await alice.image("erp-golden");
  const published = await alice.image("on-the-market");
  await alice.call("POST", `/images/${published}/publish`);
  const page = await alice.open(`images/private?dialog=share&ids=${good},${published}`);
  const dialog = page.getByRole("dialog", { name: say("Share 2 images", "共享 2 个镜像") });
  const row = dialog.getByRole("row", { name: /on-the-market/ });
  await expect(row.getByText(say("Cannot be shared:", "无法共享："))).toBeVisible();
  await dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} `);
  await dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") }).click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(good, B)).toBe("pending");
});

test("sh_11_an_image_that_is_unticked_in_the_dialog_is_not_shared", async ({ alice, say }) => {
  const golden = await alice.image("erp-golden");
  const web = await alice.image("web-base");
  await alice.share([web], [B]);
  const page = await alice.open(`images/private?dialog=share&ids=${golden},${web}`);
  // Its title counts what is ticked.
  const dialog = page.getByRole("dialog");
  const tick = (name: string) =>
    dialog.getByRole("checkbox", { name: say(`Select ${name}`, `选择 ${name}`) });
  await expect(dialog).toHaveAccessibleName(say("Share 2 images", "共享 2 个镜像"));
  await expect(dialog.getByText(say("2 images selected", "已选取2个镜像。"))).toBeVisible();
  await dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} ${C} `);
  const bob = dialog.getByRole("listitem").filter({ hasText: "project-b" });
  await expect(bob).toBeVisible();

  // Each id is asked about again, for the images that are left.
  await tick("erp-golden").uncheck();
  await expect(dialog).toHaveAccessibleName(say("Share 1 image", "共享 1 个镜像"));
  await expect(bob).toContainText(say("already has it (Pending)", "已拥有该镜像（待接受）"));
  await tick("erp-golden").check();
  await tick("web-base").uncheck();
  await expect(dialog.getByText(say("1 image selected", "已选取1个镜像。"))).toBeVisible();
  await dialog.getByRole("button", { name: say("Share with 2 tenants", "共享给 2 个租户") }).click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(golden, B)).toBe("pending");
  expect(await alice.stateOf(golden, C)).toBe("pending");
  expect(await alice.stateOf(web, C)).toBeUndefined();
});

test("xc_03_sh_13_the_wizard_judges_each_id_before_the_upload_begins", async ({ alice, say }) => {
  const page = await alice.open("images/new");
  const begun: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && /\/(images|uploads)$/.test(request.url())) begun.push(request.url());
  });
  const disk = Buffer.alloc(64 * 1024);
  disk.writeUInt16LE(0xaa55, 510);
  await page
    .getByTestId("image-file")
    .setInputFiles({ name: "golden.raw", mimeType: "application/octet-stream", buffer: disk });
  const next = page.getByRole("button", { name: say("Next", "下一步"), exact: true });
  await expect(page.getByRole("status").filter({ hasText: "golden.raw" })).toBeVisible();
  await next.click();
  await expect(page.getByRole("textbox", { name: say("Name", "名称"), exact: true })).toHaveValue("golden");
  await next.click();

  const box = page.getByRole("textbox", { name: say("Tenant ids", "租户 ID") });
  const none = "e".repeat(32);
  await box.fill(`${B}, ${A}; ${none} nobody!`);
  await box.press("Enter");
  const chip = (name: string) => page.getByRole("button", { name: say(`Remove ${name}`, `移除 ${name}`) });
  await expect(chip("project-b")).toBeVisible();
  const bad = [
    say("is your own project; a share needs somebody else.", "是您自己的项目，不能共享给自己。"),
    say("“nobody!” is not a tenant id.", "“nobody!”不是有效的租户 ID。"),
  ];
  for (const why of bad) await expect(page.getByText(why)).toBeVisible();
  await expect(page.getByText(none)).toBeVisible();
  await expect(page.getByText(say("4 of 256", "4 / 256"))).toBeVisible();
  await page.getByRole("checkbox", { name: say("I have checked the content", "我已检查镜像内容") }).check();
  await next.click();
  await expect(box, "a wrong id keeps the step").toBeVisible();
  await page.getByRole("button", { name: say("Remove them", "移除"), exact: true }).click();
  for (const why of bad) await expect(page.getByText(why)).toHaveCount(0);
  await expect(chip("project-b")).toBeVisible();
  await next.click();
  await expect(page.getByText(B, { exact: true })).toBeVisible();

  // What was judged is kept when the step is left.
  await page.getByRole("button", { name: say("Previous", "上一步"), exact: true }).click();
  await expect(chip("project-b")).toBeVisible();
  expect(begun, "nothing is made before it is asked for").toEqual([]);
  await next.click();
  await page
    .getByRole("button", { name: say("Create image", "创建镜像") })
    .last()
    .click();
  const golden = async () =>
    (await alice.call<{ images: { id: string }[] }>("GET", "/images?name=golden")).images[0]?.id;
  await expect
    .poll(async () => {
      const image = await golden();
      return image && (await alice.stateOf(image, B));
    })
    .toBe("pending");
});
