import { expect, PASSWORD, test } from "./support/fixtures";

test("one_signs_in_and_out_and_a_wrong_password_is_told", async ({ stranger, server, say }) => {
  const { page, context } = await stranger();
  await page.goto(`${server.url}/console/`);
  const field = (english: string, chinese: string) =>
    page.getByRole("textbox", { name: say(english, chinese) });
  await field("Account", "账号").fill("Acme");
  await field("User", "用户名").fill("alice");
  await field("Password", "密码").fill("guess");
  await page.getByRole("button", { name: say("Sign in", "登录") }).click();
  await expect(
    page.getByText(say("Account, user or password is wrong.", "账号、用户名或密码不正确。")),
  ).toBeVisible();
  await field("Password", "密码").fill(PASSWORD);
  await page.getByRole("button", { name: say("Sign in", "登录") }).click();
  await expect(page.getByRole("button", { name: /alice/ })).toBeVisible();

  const [cookie] = await context.cookies(`${server.url}/api/v1/session`);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/api/v1" });
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).not.toContain(cookie?.value ?? "no cookie");

  await page.getByRole("button", { name: /alice/ }).click();
  await page.getByRole("menuitem", { name: say("Sign out", "退出登录") }).click();
  await expect(field("Password", "密码")).toBeVisible();
  expect(await context.cookies(`${server.url}/api/v1/session`)).toEqual([]);
});

test("xc_06_language_and_theme_are_chosen_and_kept", async ({ alice, as }) => {
  const page = await alice.openAt("me/preferences");
  await page.getByRole("radio", { name: "简体中文" }).click();
  await expect(page.getByRole("heading", { name: "偏好设置", level: 1 })).toBeVisible();
  await page.getByRole("radio", { name: "深色" }).click();
  await expect(page.locator("body")).toHaveClass(/awsui-dark-mode/);
  await page.getByRole("radio", { name: "English" }).click();
  await expect(page.getByRole("heading", { name: "Preferences", level: 1 })).toBeVisible();
  await expect
    .poll(() => alice.call("GET", "/me/preferences"))
    .toMatchObject({ language: "en", theme: "dark" });
  const second = await as("alice", { locale: "zh-CN", colorScheme: "light" });
  const other = await second.openAt("me/preferences");
  await expect(other.getByRole("heading", { name: "Preferences", level: 1 })).toBeVisible();
  await expect(other.locator("body")).toHaveClass(/awsui-dark-mode/);
});

test.describe("the demo world", () => {
  test.use({ demo: true });

  test("uxt_13_the_printed_link_signs_in_once", async ({ stranger, server, say }) => {
    const first = await stranger();
    await first.page.goto(server.link);
    await expect(first.page.getByRole("button", { name: /alice/ })).toBeVisible();
    await expect(first.page).not.toHaveURL(/login=/);
    const second = await stranger();
    await second.page.goto(server.link);
    await expect(
      second.page.getByText(say("This sign-in link was used before", "此登录链接已使用或已过期")),
    ).toBeVisible();
  });

  test("uxt_13_alice_looks_as_bob", async ({ stranger, server, say }) => {
    const { page } = await stranger();
    await page.goto(server.link);
    await page.getByRole("button", { name: /alice/ }).click();
    await page.getByRole("menuitem", { name: say("Look as bob", "以 bob 的身份查看") }).click();
    await expect(page.getByText(say("Demo: you look as bob", "演示：当前身份为 bob"))).toBeVisible();
    await page
      .getByRole("link", { name: say("Images", "镜像"), exact: true })
      .first()
      .click();
    await page
      .getByRole("link", { name: say("Shared with me, 1 waits", "共享给我的镜像，1 个待接受") })
      .click();
    await page.getByRole("button", { name: say("Accept all", "全部接受") }).click();
    await expect(page.getByRole("rowheader", { name: "web-base" })).toBeVisible();
  });
});
