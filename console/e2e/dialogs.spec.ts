import { A, B, B2, expect, type Person, test } from "./support/fixtures";
import { fullServer } from "./support/places";

interface Record {
  status: string;
  published: boolean;
  protected: boolean;
}
const record = (person: Person, id: string) => person.call<Record>("GET", `/images/${id}`);

test("us_09_an_accepted_image_is_replicated_into_an_own_one", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden", { properties: { description: "ERP 12" } });
  await alice.share([image], [B]);
  await bob.answer("accept", [image]);
  const page = await bob.open("images/shared", B);
  await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
  await page.getByRole("menuitem", { name: say("Replicate", "复制镜像") }).click();
  const dialog = page.getByRole("dialog", { name: say("Replicate erp-golden", "复制“erp-golden”") });
  await dialog.getByRole("textbox", { name: say("Name of the copy", "副本名称") }).fill("my-erp");
  const description = dialog.getByRole("textbox", { name: say("Description", "描述") });
  await expect(description).toHaveValue("ERP 12");
  await description.fill("a<b");
  await expect(dialog.getByText(say("without < >", "不能含 < >")).first()).toBeVisible();
  await description.fill("ERP of B");
  await expect(dialog).toContainText(await roomOf(bob, B, say));
  await dialog.getByRole("button", { name: say("Replicate", "复制镜像") }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("link", { name: say("Open the copy", "打开副本") }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("my-erp");
  expect(await ownOf(bob, B)).toMatchObject([{ name: "my-erp", properties: { description: "ERP of B" } }]);
});

test("us_09_rg_02_a_replica_is_made_in_another_region_by_the_same_dialog", async ({ bob, say }) => {
  const image = await bob.image("erp-golden", { properties: { description: "ERP 12" } });
  const page = await bob.open(`images/private?dialog=replicate&ids=${image}`, B);
  const dialog = page.getByRole("dialog", { name: say("Replicate erp-golden", "复制“erp-golden”") });
  const region = dialog.getByRole("button", { name: say("Region", "区域") });
  await expect(region).toContainText("r1");
  await expect(dialog).toContainText(await roomOf(bob, B, say));
  await region.click();
  await page.getByRole("option", { name: /r2/ }).click();
  await expect(dialog.getByRole("button", { name: say("Project there", "目标项目") })).toContainText(
    "project-b2",
  );
  await expect(dialog).toContainText(await roomOf(bob, B2, say));
  await dialog.getByRole("button", { name: say("Replicate", "复制镜像") }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("link", { name: say("Open the copy", "打开副本") }).click();
  await expect(page).toHaveURL(new RegExp(`/r/r2/p/${B2}/images/`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText("erp-golden");
  expect(await ownOf(bob, B2)).toMatchObject([{ name: "erp-golden", properties: { description: "ERP 12" } }]);
});

const ownOf = async (person: Person, project: string) =>
  (await person.call<{ images: unknown[] }>("GET", "/images?view=owned", undefined, project)).images;

/** What the dialog says of the private quota of a project. */
async function roomOf(person: Person, project: string, say: (english: string, chinese: string) => string) {
  const quota = await person.call<{ private_images: { used: number; limit: number | null } }>(
    "GET",
    "/quota",
    undefined,
    project,
  );
  const { used, limit } = quota.private_images;
  return limit === null
    ? say("the private quota (no limit)", "私有镜像配额（不限数量）")
    : say(`the private quota (${limit - used} left)`, `私有镜像配额（剩余 ${limit - used} 个）`);
}

test("sh_05_sh_40_publishing_says_what_it_costs_and_is_taken_back", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open("images/private");
  const act = async (english: string, chinese: string) => {
    await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
    await page.getByRole("menuitem", { name: say(english, chinese), exact: true }).click();
  };
  await act("Publish", "发布");
  let dialog = page.getByRole("dialog", { name: say("Publish erp-golden?", "发布“erp-golden”？") });
  await expect(
    dialog.getByText(say("Published images cannot be shared.", "已发布的镜像不能共享。")),
  ).toBeVisible();
  await dialog.getByRole("button", { name: say("Publish", "发布") }).click();
  await expect(dialog).toBeHidden();
  expect(await record(alice, image)).toMatchObject({ published: true });
  await act("Unpublish", "取消发布");
  dialog = page.getByRole("dialog", { name: say("Unpublish erp-golden?", "取消发布“erp-golden”？") });
  await dialog.getByRole("button", { name: say("Unpublish", "取消发布") }).click();
  await expect(dialog).toBeHidden();
  expect(await record(alice, image)).toMatchObject({ published: false });

  await act("Deactivate", "停用");
  dialog = page.getByRole("dialog", { name: say("Deactivate erp-golden?", "停用“erp-golden”？") });
  await dialog.getByRole("button", { name: say("Deactivate", "停用") }).click();
  await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText(say("Deactivated", "已停用"));
  await act("Activate", "启用");
  await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText(say("Normal", "正常"));

  await act("Protect", "开启保护");
  await expect.poll(async () => (await record(alice, image)).protected).toBe(true);
  await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
  const erase = page.getByRole("menuitem", { name: say("Delete", "删除"), exact: true });
  await expect(erase).toHaveAttribute("aria-disabled", "true");
});

test("dl_08_images_are_deleted_together_and_what_stays_is_named", async ({ alice, say }) => {
  for (const name of ["erp-golden", "web-base"]) await alice.image(name);
  await alice.image("kept", { protected: true });
  const page = await alice.open("images/private");
  await page
    .getByRole("checkbox", { name: say("Select the page", "选择本页") })
    .or(page.getByRole("columnheader").getByRole("checkbox"))
    .first()
    .check();
  await page.getByRole("button", { name: say("Delete", "删除"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: say("Delete 3 images?", "删除 3 个镜像？") });
  await expect(dialog).toContainText(say("These are left out:", "以下镜像将被跳过："));
  await dialog.getByRole("button", { name: say("Delete", "删除"), exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(say("Deleted 2 images", "已删除 2 个镜像"))).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "kept" })).toBeVisible();
  await expect(page.getByRole("rowheader")).toHaveCount(1);
});

test.describe("where what is shared cannot be deleted", () => {
  test.use({ profile: "tencent" });

  test("dl_02_sharing_is_cancelled_and_the_image_deleted_in_one_go", async ({ alice, say }) => {
    const image = await alice.image("erp-golden");
    await alice.share([image], [B]);
    const page = await alice.open(`images/private?dialog=delete&ids=${image}`);
    const dialog = page.getByRole("dialog");
    const erase = dialog.getByRole("button", { name: say("Delete", "删除"), exact: true });
    await expect(erase).toHaveAttribute("aria-disabled", "true");
    await dialog
      .getByRole("checkbox", { name: say("Cancel sharing first, then delete", "先取消共享，再删除") })
      .check();
    const field = dialog.getByRole("textbox", {
      name: say("Type erp-golden to delete.", "输入 erp-golden 以确认删除。"),
    });
    if (await field.isVisible()) await field.fill("erp-golden");
    await dialog.getByRole("button", { name: say("Cancel sharing and delete", "取消共享并删除") }).click();
    await expect(dialog).toBeHidden();
    expect((await alice.ask("GET", `/images/${image}`)).status()).toBe(404);
  });
});

test("fs_06_fs_12_a_vault_its_backup_and_the_image_of_it", async ({ alice, say }) => {
  await alice.image("disk", {});
  const page = await alice.open("vaults");
  await page
    .getByRole("button", { name: say("Create vault", "创建存储库") })
    .or(page.getByRole("link", { name: say("Create vault", "创建存储库") }))
    .first()
    .click();
  const create = page.getByRole("dialog", { name: say("Create vault", "创建存储库") });
  await create.getByRole("textbox", { name: say("Capacity (GB)", "容量 (GB)") }).fill("x");
  await expect(
    create.getByText(say("Enter a whole number of at least 1.", "请输入不小于 1 的整数。")).first(),
  ).toBeVisible();
  await create.getByRole("textbox", { name: say("Capacity (GB)", "容量 (GB)") }).fill("20");
  await create.getByRole("textbox", { name: say("Name", "名称") }).fill("vault-erp");
  await create.getByRole("button", { name: say("Create", "创建"), exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("vault-erp");
  const { vaults } = await alice.call<{ vaults: { id: string; capacity_gib: number }[] }>("GET", "/vaults");
  const vault = vaults[0]?.id ?? "";
  expect(vaults).toMatchObject([{ capacity_gib: 20 }]);

  await alice.open(`vaults/${vault}?dialog=vault-edit&ids=${vault}`);
  const edit = page.getByRole("dialog");
  await expect(edit.getByRole("textbox", { name: say("Name", "名称") })).toBeFocused();
  await edit.getByRole("textbox", { name: say("Capacity (GB)", "容量 (GB)") }).fill("30");
  await edit.getByRole("button").last().click();
  await expect(edit).toBeHidden();

  const full = await fullServer(alice, "erp-full", { gib: 1, vault: 10 });
  await alice.open(`images/${full.image}/backups`);
  await expect(page.getByRole("row").filter({ hasText: "1" }).first()).toBeVisible();

  await alice.open(`vaults/${vault}?dialog=vault-delete&ids=${vault}`);
  const remove = page.getByRole("dialog", { name: say("Delete “vault-erp”", "删除“vault-erp”") });
  await remove.getByRole("button", { name: say("Delete", "删除") }).click();
  await expect(remove).toBeHidden();
  expect((await alice.ask("GET", `/vaults/${vault}`)).status()).toBe(404);
});

test("rc_20_an_owner_is_trusted_and_his_next_offer_accepts_itself", async ({ alice, bob, say }) => {
  // Rules are the admin's: here alice receives.
  const first = await bob.image("erp-golden");
  await bob.share([first], [A]);
  const page = await alice.open("images/shared/pending");
  await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
  await page.getByRole("menuitem", { name: say("Trust this owner", "信任该所有者") }).click();
  const dialog = page.getByRole("dialog", { name: say("Trust project-b?", "信任 project-b？") });
  await dialog.getByRole("button", { name: say("Trust", "信任"), exact: true }).click();
  await expect(dialog).toBeHidden();
  const second = await bob.image("web-base");
  await bob.share([second], [A]);
  expect(await bob.stateOf(first, A)).toBe("pending");
  expect(await bob.stateOf(second, A)).toBe("accepted");

  await alice.open("access/owners");
  await expect(page.getByRole("row", { name: /project-b/ })).toBeVisible();
});

test("rc_26_a_tenant_who_has_not_answered_is_reminded", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  const page = await alice.open(`images/${image}/tenants`);
  const row = page.getByRole("row", { name: /project-b/ });
  await row.getByRole("button", { name: say("Remind", "提醒") }).click();
  await expect(
    page
      .getByText(say("1 tenant was told today already", "1 个租户今日已收到通知"))
      .or(page.getByText(say("Reminded 1 tenant", "已提醒 1 个租户"))),
  ).toBeVisible();
  const { notices } = await bob.call<{ notices: { kind: string }[] }>("GET", "/notices", undefined, B);
  expect(notices.map(({ kind }) => kind)).toContain("image.shared");
  expect(await alice.call("GET", `/images/${image}/shares`)).toMatchObject({
    shares: [{ state: "pending", recipient: { id: B } }],
  });
});
