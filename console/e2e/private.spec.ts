import { A, B, expect, test } from "./support/fixtures";

test("ui_01_pf_04_the_list_says_state_system_size_and_what_is_left", async ({ alice, say }) => {
  await alice.image("erp-golden", { properties: { os_distro: "debian", os_version: "12" } });
  const page = await alice.open("images/private");
  const row = page.getByRole("row", { name: /erp-golden/ });
  await expect(row).toContainText(say("Normal", "正常"));
  await expect(row).toContainText(say("System", "系统盘"));
  await expect(row).toContainText("64 KiB");
  await expect(row).toContainText(/debian/i);
  const { shared_images: shared } = await alice.call<{ shared_images: { limit: number | null } }>(
    "GET",
    "/quota",
  );
  const left =
    shared.limit === null
      ? say("You share 0 images", "您已共享 0 个镜像")
      : say(`You share 0 of ${shared.limit} images`, `您已共享 0/${shared.limit} 个镜像`);
  await expect(page.getByText(left)).toBeVisible();
});

test("ui_02_buttons_follow_the_selection_and_say_why_not", async ({ alice, say }) => {
  await alice.image("erp-golden");
  const page = await alice.open("images/private");
  const share = page.getByRole("button", { name: say("Share", "共享"), exact: true });
  const more = page.getByRole("button", { name: say("More", "更多"), exact: true });
  const items = page.getByRole("menuitem");
  await expect(share).toHaveAttribute("aria-disabled", "true");
  await share.focus();
  await expect(share).toHaveAccessibleDescription(say("Select at least one image", "请至少选择一个镜像"));
  const refused = async () => {
    await more.click();
    const names: string[] = [];
    for (const item of await items.all()) {
      if ((await item.getAttribute("aria-disabled")) !== "true") continue;
      await item.hover();
      await expect(item).toHaveAccessibleDescription(/\S/);
      names.push(await item.innerText());
    }
    // The first may only close the tip of a reason.
    await expect(async () => {
      await page.keyboard.press("Escape");
      await expect(items.first()).toBeHidden({ timeout: 500 });
    }).toPass();
    return names;
  };
  const unshare = say("Cancel sharing", "取消共享");
  expect(await refused()).toEqual([
    unshare,
    say("Tags", "标签"),
    say("Protect", "开启保护"),
    say("Export list", "导出列表"),
  ]);
  await page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }).check();
  await expect(share).not.toHaveAttribute("aria-disabled", "true");
  expect(await refused()).toEqual([unshare]);
  await more.click();
  await page.getByRole("menuitem", { name: say("Protect", "开启保护") }).click();
  await expect(page.getByText(say("1 image was changed", "已更新 1 个镜像"))).toBeVisible();
});

test("uxt_14_ui_03_every_act_that_is_off_says_why", async ({ alice, bob, say }) => {
  const shared = await alice.image("shared");
  const published = await alice.image("published");
  await alice.image("protected", { protected: true });
  await alice.image("a-data-disk", { kind: "data" });
  await alice.call("POST", "/images", { name: "no-bytes-yet", disk_format: "raw", container_format: "bare" });
  const stopped = await alice.image("stopped");
  await alice.share([shared], [B]);
  await alice.call("POST", `/images/${published}/publish`);
  await alice.call("POST", `/images/${stopped}/deactivate`);

  const reasons = async (page: import("@playwright/test").Page) => {
    const seen: string[] = [];
    const menus = page.getByRole("button", { name: say("Actions for", "的操作") });
    await expect(menus.first()).toBeVisible();
    for (const menu of await menus.all()) {
      await menu.click();
      const items = page.getByRole("menuitem");
      await expect(items.first()).toBeVisible();
      for (const item of await items.all()) {
        if ((await item.getAttribute("aria-disabled")) !== "true") continue;
        await item.hover();
        await expect(
          item,
          `${await menu.getAttribute("aria-label")}: ${await item.innerText()}`,
        ).toHaveAccessibleDescription(/\S/);
        seen.push(await item.innerText());
      }
      // The first may only close the tip of a reason.
      await expect(async () => {
        await page.keyboard.press("Escape");
        await expect(items.first()).toBeHidden({ timeout: 500 });
      }).toPass();
    }
    return seen;
  };
  const own = await reasons(await alice.open("images/private"));
  expect(own).toContain(say("Share", "共享"));
  expect(own).toContain(say("Cancel sharing", "取消共享"));
  await bob.answer("accept", [shared]);
  const received = await reasons(await bob.open("images/shared", B));
  expect(received).toEqual(
    expect.arrayContaining([say("Share", "共享"), say("Modify", "修改"), say("Delete", "删除")]),
  );
});

test("ui_04_a_row_opens_beside_the_list", async ({ alice, say }) => {
  const image = await alice.image("erp-golden", { min_ram_mib: 512 });
  const page = await alice.open("images/private");
  await page
    .getByRole("row", { name: /erp-golden/ })
    .getByText(say("Normal", "正常"))
    .click();
  const panel = page.getByRole("region", { name: "erp-golden" });
  await expect(panel.getByText(image)).toBeVisible();
  await expect(panel.getByText("512", { exact: true })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`sel=${image}`));
});

test("ui_04_a_row_opens_in_place_with_all_that_is_known", async ({ alice, say }) => {
  const image = await alice.image("erp-golden", {
    min_ram_mib: 512,
    properties: { os_distro: "debian", os_version: "12", description: "ERP 12" },
  });
  await alice.image("web-base");
  await alice.share([image], [B]);
  const page = await alice.open("images/private");
  const arrow = page.getByRole("button", { name: say("Details of erp-golden", "erp-golden 的详情") });
  await expect(arrow).toHaveAttribute("aria-expanded", "false");
  await arrow.focus();
  await page.keyboard.press("Enter");
  await expect(arrow).toHaveAttribute("aria-expanded", "true");
  const row = page.getByRole("row").filter({ has: arrow });
  const fields: [string, string, string][] = [
    ["Name", "名称", "erp-golden"],
    ["Id", "ID", image],
    ["System disk (GB)", "系统盘 (GB)", "1"],
    ["OS", "操作系统", "debian 12"],
    ["Min memory (MB)", "最小内存(MB)", "512"],
    ["Size", "大小", "64 KiB"],
    ["Publish state", "发布状态", say("not published", "未发布")],
    ["Created", "创建时间", "GMT"],
    ["Source", "源", "–"],
    ["Shared tenants", "共享租户", say("1 tenant", "1 个租户")],
    ["Description", "描述", "ERP 12"],
  ];
  for (const [english, chinese, value] of fields) {
    const label = row.getByText(say(english, chinese), { exact: true });
    await expect(label, english).toBeVisible();
    await expect(
      label.locator("xpath=following::*").filter({ hasText: value }).first(),
      english,
    ).toBeVisible();
  }
  await expect(page).not.toHaveURL(/sel=/);
  await row.getByRole("button", { name: say("Add tenant", "添加租户") }).click();
  await expect(page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") })).toBeVisible();
  await page.keyboard.press("Escape");
  await arrow.click();
  await expect(row.getByText("ERP 12")).toHaveCount(0);
});

test("ui_05_tabs_part_the_images", async ({ alice, bob, say }) => {
  const shared = await alice.image("erp-golden");
  await alice.share([shared], [B]);
  await bob.answer("accept", [shared]);
  await bob.image("bobs-own");
  const page = await bob.open("images/private", B);
  const header = (name: string) => page.getByRole("rowheader", { name });
  await expect(header("bobs-own")).toBeVisible();
  await expect(header("erp-golden")).toHaveCount(0);
  const tabs = page.getByRole("navigation", { name: say("Images", "镜像"), exact: true });
  await tabs.getByRole("link", { name: say("Shared with me", "共享给我的镜像") }).click();
  await expect(header("erp-golden")).toBeVisible();
  await expect(header("bobs-own")).toHaveCount(0);
});

test("sh_26_sh_31_sharing_is_cancelled_from_the_row_after_a_question", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  await bob.answer("accept", [image]);
  const page = await alice.open("images/private");
  await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText(say("1 tenant", "1 个租户"));
  await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
  await page.getByRole("menuitem", { name: say("Cancel sharing", "取消共享") }).click();
  const dialog = page.getByRole("dialog", {
    name: say("Cancel sharing of erp-golden?", "取消共享“erp-golden”？"),
  });
  await expect(
    dialog.getByText(
      say(
        "1 tenant loses it at once: 1 accepted, 0 pending.",
        "1 个租户将立即失去访问权限：1 个已接受，0 个待接受。",
      ),
    ),
  ).toBeVisible();
  await dialog.getByRole("button", { name: say("Cancel sharing", "取消共享") }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => alice.stateOf(image, B)).toBeUndefined();
});

test("dl_03_dl_06_deleting_counts_what_depends_and_asks_for_the_name", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  await bob.answer("accept", [image]);
  const page = await alice.open(`images/private?dialog=delete&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Delete erp-golden?", "删除“erp-golden”？") });
  await expect(dialog).toContainText(
    say(
      "Shared with 1 tenant (1 accepted, 0 pending), who loses it at once.",
      "已共享给 1 个租户（1 个已接受，0 个待接受），他们将立即失去访问权限。",
    ),
  );
  const erase = dialog.getByRole("button", { name: say("Delete", "删除"), exact: true });
  const field = dialog.getByRole("textbox", {
    name: say("Type erp-golden to delete.", "输入 erp-golden 以确认删除。"),
  });
  await expect(erase).toBeDisabled();
  await field.fill("erp-golden");
  await erase.click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toHaveCount(0);
  const gone = await alice.ask("GET", `/images/${image}`);
  expect(gone.status()).toBe(404);
});

test("uxt_09_rg_04_a_link_shows_the_same_view_in_another_browser", async ({ alice, as, say }) => {
  await alice.image("erp-golden");
  const web = await alice.image("web-base");
  await alice.share([web], [B]);
  const page = await alice.open("images/private");
  await page.getByRole("combobox", { name: say("Filter", "筛选") }).fill("web");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toHaveCount(0);
  await page
    .getByRole("row", { name: /web-base/ })
    .getByText(say("Normal", "正常"))
    .click();
  await expect(page.getByRole("region", { name: "web-base" })).toBeVisible();
  const link = page.url();
  expect(link).toContain(`/r/r1/p/${A}/images/private`);

  const second = await as("alice");
  await second.page.goto(link);
  await expect(second.page.getByRole("region", { name: "web-base" })).toBeVisible();
  await expect(second.page.getByRole("rowheader", { name: "web-base" })).toBeVisible();
  await expect(second.page.getByRole("rowheader", { name: "erp-golden" })).toHaveCount(0);
});

test("rg_04_a_link_into_a_project_of_others_says_so", async ({ bob, say }) => {
  const page = await bob.open("images/private", A);
  await expect(page.getByText(say("You have no role there", "您没有该处的角色"))).toBeVisible();
});

test("ui_02_images_are_found_by_system_size_and_the_beginning_of_their_id", async ({ alice, say }) => {
  const small = await alice.image("erp-golden", { properties: { os_distro: "ubuntu" } });
  await alice.image("web-base", { properties: { os_distro: "debian" } }, Buffer.alloc(1024 * 1024, "web"));
  await alice.image("erp-silver", { properties: { os_distro: "debian" } });
  const page = await alice.open("images/private");
  const names = () => page.getByRole("rowheader").allInnerTexts();
  const filter = page.getByRole("combobox", { name: say("Filter", "筛选") });
  const only = async (text: string, found: string[]) => {
    await page.goto(page.url().split("?")[0] ?? "");
    for (const word of text.split(", ")) {
      await filter.fill(word);
      await page.keyboard.press("Enter");
    }
    await expect.poll(async () => (await names()).sort(), text).toEqual(found);
  };
  await expect.poll(async () => (await names()).length).toBe(3);
  await only(small.slice(0, 13), ["erp-golden"]);
  await only("erp, silver", ["erp-silver"]);
  await only(`${say("Size", "大小")} > 500 KB`, ["web-base"]);
  await only(`${say("Size", "大小")} < 500 KB`, ["erp-golden", "erp-silver"]);
  await only("erp", ["erp-golden", "erp-silver"]);
  // The button's name says what is chosen as well.
  await page.getByRole("button", { name: say("All OS", "所有操作系统") }).click();
  await page.getByRole("option", { name: "Debian" }).click();
  await expect.poll(names).toEqual(["erp-silver"]);
  await expect(page).toHaveURL(/q=os%3Ddebian/);
  await page.getByRole("button", { name: say("OS Debian", "操作系统 Debian") }).click();
  await page.getByRole("option", { name: say("All OS", "所有操作系统") }).click();
  await expect.poll(async () => (await names()).length).toBe(2);
});

test("t_031_what_the_window_left_out_comes_back_after_the_preferences_were_confirmed", {
  tag: "@once",
}, async ({ alice }) => {
  await alice.image("erp-golden");
  const page = await alice.open("images/private");
  const encrypted = page.getByRole("columnheader", { name: "Encrypted" });
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(encrypted).toHaveCount(0);
  await page.getByRole("button", { name: "Preferences", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Preferences" });
  await dialog.getByRole("radio", { name: "50 rows" }).check();
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await expect(dialog).toBeHidden();
  await page.setViewportSize({ width: 1920, height: 900 });
  await expect(encrypted).toBeVisible();

  // What was touched stays, whatever room there is.
  await page.getByRole("button", { name: "Preferences", exact: true }).click();
  await expect(dialog.getByRole("radio", { name: "50 rows" })).toBeChecked();
  await dialog.getByRole("checkbox", { name: "Encrypted" }).uncheck();
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await expect(encrypted).toHaveCount(0);
  await expect(page.getByRole("columnheader", { name: "OS" })).toBeVisible();
});
