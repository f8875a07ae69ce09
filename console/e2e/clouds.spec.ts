import { B, crowd, expect, test } from "./support/fixtures";

test.describe("under the rules of ctyun", () => {
  test.use({ profile: "ctyun", others: 0 });

  test("uxt_04_sh_14_pf_04_more_ids_than_one_request_may_carry", async ({ alice, say }) => {
    const image = await alice.image("erp-golden");
    const policy = await alice.call<Record<string, unknown>>("GET", "/policy");
    const max = Number(policy["share.max_ids_per_request"]);
    const page = await alice.open(`images/private?dialog=share&ids=${image}`);
    const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
    const ids = crowd(max + 1);
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (request.method() !== "GET" || pathname.endsWith("/resolve")) asked.push(pathname);
    });
    await dialog
      .getByRole("textbox", { name: /ids|ID/ })
      .first()
      .fill(`${ids.join(",")} `);
    await expect(
      dialog
        .getByText(
          say(
            `You entered ${ids.length} ids; at most ${max} at a time.`,
            `已输入 ${ids.length} 个 ID，每次最多 ${max} 个。`,
          ),
        )
        .first(),
    ).toBeVisible();
    const submit = dialog.getByRole("button", { name: say("Share", "共享") }).last();
    await expect(submit).toHaveAttribute("aria-disabled", "true");
    await submit.click({ force: true });
    expect(asked, "no id is sent to the server").toEqual([]);
    expect(await alice.call("GET", `/images/${image}/shares`)).toMatchObject({ shares: [] });
  });

  test("pf_04_the_words_and_numbers_are_the_cloud_s", async ({ alice, say }) => {
    await alice.image("erp-golden");
    const policy = await alice.call<Record<string, unknown>>("GET", "/policy");
    const page = await alice.open("images/private");
    const max = policy["share.max_shared_images"];
    if (typeof max === "number") await expect(page.getByText(String(max)).first()).toBeVisible();
    const tabs = page.getByRole("navigation", { name: say("Images", "镜像"), exact: true });
    await expect(
      tabs.getByRole("link", { name: say("Shared with me", "共享镜像"), exact: true }),
    ).toBeVisible();
    await page.getByRole("button", { name: /alice/ }).click();
    await expect(
      page.getByRole("menuitem", { name: say("My credentials", "我的认证"), exact: true }),
    ).toBeVisible();
  });
});

test.describe("under the rules of tencent", () => {
  test.use({ profile: "tencent" });

  test("uxt_11_st_08_dl_02_shares_arrive_by_themselves", async ({ alice, bob, say }) => {
    const image = await alice.image("erp-golden");
    await alice.share([image], [B]);
    let page = await bob.open("images/shared", B);
    const tabs = page.getByRole("navigation", { name: say("Images", "镜像"), exact: true });
    for (const [english, chinese] of [
      ["Custom images", "自定义镜像"],
      ["Shared images", "共享镜像"],
    ] as const)
      await expect(tabs.getByRole("link", { name: say(english, chinese), exact: true })).toBeVisible();
    const row = page.getByRole("row", { name: /erp-golden/ });
    await expect(row).toContainText(say("New", "新"));
    await expect(
      page.getByRole("region", { name: say("waits for your answer", "等待您的答复") }),
    ).toHaveCount(0);
    await expect(page.getByRole("link", { name: say("Rejected images", "已拒绝的镜像") })).toHaveCount(0);
    await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
    const modify = page.getByRole("menuitem", { name: say("Modify", "修改") });
    await expect(modify).toHaveAttribute("aria-disabled", "true");
    await modify.hover();
    await expect(modify).toHaveAccessibleDescription(/\S/);

    page = await alice.open("images/private");
    await page.getByRole("button", { name: say("Actions for erp-golden", "erp-golden 的操作") }).click();
    const erase = page.getByRole("menuitem", { name: say("Delete", "删除"), exact: true });
    await expect(erase).toHaveAttribute("aria-disabled", "true");
    await erase.hover();
    await expect(erase).toHaveAccessibleDescription(/\S/);
  });
});
