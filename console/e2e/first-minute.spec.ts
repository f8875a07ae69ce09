import { expect, test } from "./support/fixtures";

test.use({ demo: true });

test("uxt_13_from_an_empty_folder_to_bytes_that_were_accepted_and_read_in_five_clicks", async ({
  stranger,
  server,
  say,
}) => {
  const { page } = await stranger();
  let clicks = 0;
  const click = async (name: string, within: Pick<typeof page, "getByRole"> = page) => {
    clicks += 1;
    await within.getByRole("button", { name, exact: true }).click();
  };
  await page.goto(server.link);
  await expect(
    page.getByRole("heading", { name: say("Share an image in one minute", "一分钟共享一个镜像") }),
  ).toBeVisible();
  const steps = page.getByRole("listitem");
  const now = steps.and(page.locator("[aria-current=step]"));
  await expect(now).toContainText(say("2. Offer it to Bob", "2. 共享给 Bob"));

  await click(say("Share it with Bob", "共享给 Bob"));
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await expect(dialog.getByRole("listitem").filter({ hasText: "project-b" })).toBeVisible();
  await click(say("Share with 1 tenant", "共享给 1 个租户"), dialog);
  await expect(dialog).toBeHidden();
  await expect(now).toContainText(say("3. See it with Bob's eyes", "3. 以 Bob 的身份查看"));

  await click(say("Look as Bob", "切换为 Bob"));
  await expect(page.getByText(say("Demo: you look as bob", "演示：当前身份为 bob"))).toBeVisible();
  await expect(now).toContainText(say("4. Bob accepts it", "4. Bob 接受共享"));
  await click(say("Accept", "接受"));
  await expect(now).toContainText(say("5. Bob reads its bytes", "5. Bob 读取数据"));
  await click(say("Read and compare", "读取并比对"));
  await expect(page.getByText(say("equals what the owner uploaded", "与所有者上传的一致"))).toBeVisible();
  await expect(now).toHaveCount(0);
  expect(clicks).toBe(5);

  // The ways on, and back as alice: the card has not forgotten.
  await expect(page.getByRole("link", { name: say("Upload your own image", "上传您的镜像") })).toBeVisible();
  await click(say("Look as Alice", "切换为 Alice"));
  await expect(page.getByRole("link", { name: say("Upload your own image", "上传您的镜像") })).toBeVisible();
  await expect(now).toHaveCount(0);
  await click(say("Dismiss", "不再显示"));
  await expect(page.getByRole("listitem").filter({ hasText: "1. " })).toHaveCount(0);
});
