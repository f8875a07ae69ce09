import { B, crowd, expect, test } from "./support/fixtures";

test.describe("an image with many tenants", () => {
  test.use({ others: 23 });

  test("uxt_05_sh_28_sh_29_sh_30_pages_of_tenants_one_removed_then_all", async ({ alice, say }) => {
    const image = await alice.image("erp-golden");
    await alice.share([image], crowd(23));
    const page = await alice.open("images/private");
    await page.getByRole("button", { name: say("23 tenants", "23 个租户") }).click();
    const dialog = page.getByRole("dialog", { name: say("Tenants of erp-golden", "“erp-golden”的租户列表") });
    const rows = dialog.getByRole("rowheader");
    await expect(rows).toHaveCount(10);
    await dialog.getByRole("button", { name: say("Page 3", "第 3 页") }).click();
    await expect(rows).toHaveCount(3);
    await dialog.getByRole("searchbox", { name: say("Name or id", "名称或 ID") }).fill("tenant-7");
    await expect(rows).toHaveCount(1);
    await dialog.getByRole("button", { name: say("Delete: tenant-7", "删除: tenant-7") }).click();
    await expect(
      dialog.getByText(say("Remove 1 tenant from erp-golden?", "从“erp-golden”移除 1 个租户？")),
    ).toBeVisible();
    await dialog.getByRole("button", { name: say("Remove", "移除"), exact: true }).click();
    await expect.poll(async () => (await sharesOf(image)).length).toBe(22);
    await dialog.getByRole("searchbox", { name: say("Name or id", "名称或 ID") }).fill("");
    await expect(rows).toHaveCount(10);
    await dialog.getByRole("button", { name: say("Delete all", "全部删除") }).click();
    await expect(
      dialog.getByText(say("Remove 22 tenants from erp-golden?", "从“erp-golden”移除 22 个租户？")),
    ).toBeVisible();
    await dialog.getByRole("button", { name: say("Remove", "移除"), exact: true }).click();
    await expect(dialog.getByText(say("Not shared with anybody", "尚未共享给任何租户"))).toBeVisible();
    expect(await sharesOf(image)).toEqual([]);

    async function sharesOf(id: string) {
      return (await alice.call<{ shares: unknown[] }>("GET", `/images/${id}/shares`)).shares;
    }
  });
});

test("sh_27_sh_36_tenants_are_added_from_the_details_and_their_answers_seen", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/${image}/tenants`);
  await page
    .getByRole("button", { name: say("Add tenant", "添加租户") })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} `);
  await dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole("row", { name: /project-b/ });
  await expect(row).toContainText(say("Pending", "待接受"));
  await bob.answer("accept", [image]);
  await expect(row).toContainText(say("Accepted", "已接受"));
});
