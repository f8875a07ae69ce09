import { A, B, expect, PASSWORD, test } from "./support/fixtures";
import { hold } from "./support/traffic";

const LOST = /net::ERR_|ERR_CONNECTION|Failed to fetch/;

test("a_lost_connection_is_said_and_mends_itself", async ({ alice, bob, server, say }) => {
  await alice.image("erp-golden");
  alice.watched.expects(LOST);
  const page = await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await server.down();
  await page.getByRole("button", { name: say("Refresh", "刷新") }).click();
  const banner = page.getByText(say("Connection lost", "连接已断开"));
  await expect(banner).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await server.up();
  await expect(banner).toBeHidden({ timeout: 40_000 });
  await bob.share([await bob.image("web-base")], [A]);
  await expect(
    page.getByRole("link", {
      name: say("Shared with me, 1 waits for an answer", "共享给我的镜像，1 个待接受"),
    }),
  ).toBeVisible({ timeout: 40_000 });
});

test("what_changes_before_anything_is_heard_is_shown_all_the_same", { tag: "@once" }, async ({ alice }) => {
  await alice.image("erp-golden");
  const { page } = alice;
  const letListen = await hold(page, /\/api\/v1\/events/);
  await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await alice.image("crm-golden");
  letListen();
  await expect(page.getByRole("rowheader", { name: "crm-golden" })).toBeVisible();
});

test("a_session_that_ends_under_a_dialog_loses_nothing_that_was_typed", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  // A stream of events may meet the end of the session before the dialog does: this one never begins.
  await hold(alice.page, /\/api\/v1\/events/);
  const page = await alice.open(`images/private?dialog=share&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} `);
  const submit = dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") });
  await expect(submit).toBeVisible();
  await dialog
    .getByRole("textbox", { name: say("Note to recipients", "给接收方的备注") })
    .fill("typed before");
  await alice.call("DELETE", "/session");
  await submit.click();
  const again = page.getByRole("dialog", { name: say("Sign in again", "请重新登录") });
  await expect(again).toContainText(
    say("Your session has ended. What you typed is still there.", "会话已结束，您输入的内容仍会保留。"),
  );
  await again.getByRole("textbox", { name: say("Password", "密码") }).fill(PASSWORD);
  await again.getByRole("button", { name: say("Sign in", "登录") }).click();
  await expect(again).toBeHidden();
  await expect(dialog).toBeHidden();
  const { shares } = await alice.call<{ shares: { state: string; note: string }[] }>(
    "GET",
    `/images/${image}/shares`,
  );
  expect(shares).toMatchObject([{ state: "pending", note: "typed before" }]);
});

test("a_restarted_server_does_not_disturb_a_dialog", async ({ alice, server, say }) => {
  const image = await alice.image("erp-golden");
  alice.watched.expects(LOST);
  const page = await alice.open(`images/private?dialog=share&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") }).fill(`${B} `);
  const submit = dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") });
  await expect(submit).toBeVisible();
  await server.down();
  await submit.click();
  await expect(page.getByText(say("Connection lost", "连接已断开"))).toBeVisible();
  await server.up();
  await expect(dialog).toBeHidden({ timeout: 40_000 });
  expect(await alice.stateOf(image, B)).toBe("pending");
});

test("rc_12_a_share_withdrawn_under_its_dialog_is_told", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  const page = await bob.open("images/shared?dialog=reject-all", B);
  const dialog = page.getByRole("dialog");
  await expect(
    dialog.getByText(say("They move to Rejected images", "这些镜像将移至“已拒绝的镜像”")),
  ).toBeVisible();
  await alice.call("DELETE", "/shares", { images: [image], recipients: [B] });
  await dialog.getByRole("button", { name: say("Reject all", "全部拒绝") }).click();
  await expect(dialog).toBeHidden();
  await page.goto(`${page.url().split("?")[0]}/rejected`);
  await expect(page.getByText(say("You have rejected no images", "没有已拒绝的镜像"))).toBeVisible();
});

test("st_07_two_people_of_a_project_answer_at_once", async ({ alice, bob, as, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  const second = await as("bob");
  const tick = { name: say("Select erp-golden", "选择 erp-golden") };
  for (const person of [bob, second]) {
    const page = await person.open("images/shared/pending", B);
    await page.getByRole("checkbox", tick).check();
  }
  const nothing = say("No offer waits for an answer", "没有待接受的共享镜像");
  // Who is the slower one may see the row go, since the list is live, before he has pressed.
  const press = (page: typeof bob.page, name: string) =>
    Promise.race([
      page.getByRole("button", { name, exact: true }).first().click(),
      expect(page.getByText(nothing)).toBeVisible(),
    ]);
  await Promise.all([press(bob.page, say("Accept", "接受")), press(second.page, say("Reject", "拒绝"))]);
  for (const { page } of [bob, second]) {
    await expect(page.getByText(nothing)).toBeVisible();
  }
  const state = await alice.stateOf(image, B);
  expect(["accepted", "rejected"]).toContain(state);
  const path = state === "accepted" ? "images/shared" : "images/shared/rejected";
  for (const person of [bob, second]) {
    const page = await person.open(path, B);
    await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  }
});

test("rc_01_an_event_reaches_the_screen_within_a_second", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const page = await bob.open("images/shared/pending", B);
  await expect(page.getByText(say("No offer waits for an answer", "没有待接受的共享镜像"))).toBeVisible();
  // The stream is open once what was sent before it is there.
  await alice.share([await alice.image("first")], [B]);
  await expect(page.getByRole("rowheader", { name: "first" })).toBeVisible();
  await alice.share([image], [B]);
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible({ timeout: 5_000 });
});
