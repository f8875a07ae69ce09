import { B, B2, expect, test } from "./support/fixtures";

test("uxt_10_rc_02_rg_04_rg_05_another_region_has_only_the_hint_in_the_switcher", async ({
  alice,
  bob,
  say,
}) => {
  await alice.share([await alice.image("erp-golden")], [B]);
  const page = await bob.open("images/shared", B2, "r2");
  await expect(
    page.getByText(
      say(
        "Nothing has been shared with project-b2 in region r2.",
        "区域 r2 中没有共享给 project-b2 的镜像。",
      ),
    ),
  ).toBeVisible();
  await expect(
    page.getByRole("link", { name: say("Shared with me", "共享给我的镜像"), exact: true }).first(),
  ).toBeVisible();
  await expect(page.getByRole("region", { name: say("waits for your answer", "等待您的答复") })).toHaveCount(
    0,
  );
  const open = page.getByRole("button", {
    name: say(
      "change region and project (something waits for an answer)",
      "切换区域与项目（有待接受的共享）",
    ),
  });
  await expect(open).toContainText("project-b2");
  await open.click();
  const dialog = page.getByRole("dialog", { name: say("Region and project", "区域与项目") });
  await dialog.getByRole("button", { name: /r1/ }).click();
  const there = dialog.getByRole("button", { name: /^project-b / });
  await expect(there).toContainText(say("1 pending", "1 个待接受"));
  await there.click();
  await expect(page).toHaveURL(new RegExp(`/r/r1/p/${B}/images/shared`));
  await expect(
    page.getByRole("region", {
      name: say("1 shared image waits for your answer", "1 个共享镜像等待您的答复"),
    }),
  ).toBeVisible();
});
