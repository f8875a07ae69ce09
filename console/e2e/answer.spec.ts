import type { Page } from "@playwright/test";
import { B, expect, type Person, test } from "./support/fixtures";

const header = (page: Page, name: string) => page.getByRole("rowheader", { name });

async function offers(alice: Person, ...names: string[]): Promise<string[]> {
  const images: string[] = [];
  for (const name of names) images.push(await alice.image(name));
  await alice.share(images, [B]);
  return images;
}

test("uxt_02_rc_07_rc_08_rc_11_one_is_accepted_one_rejected_and_accepted_after_all", async ({
  alice,
  bob,
  say,
}) => {
  const [erp, web] = (await offers(alice, "erp-golden", "web-base")) as [string, string];
  const page = await bob.open("images/shared", B);
  await expect(header(page, "erp-golden")).toHaveCount(0);
  const bar = page.getByRole("region", {
    name: say("2 shared images wait for your answer", "2 个共享镜像等待您的答复"),
  });
  await bar.getByRole("link", { name: say("View details", "查看详情") }).click();

  await page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }).check();
  await page
    .getByRole("button", { name: say("Accept", "接受"), exact: true })
    .first()
    .click();
  await expect(page.getByText(say("Accepted 1 image", "已接受 1 个镜像"))).toBeVisible();
  await expect(header(page, "erp-golden")).toHaveCount(0);
  await page.getByRole("checkbox", { name: say("Select web-base", "选择 web-base") }).check();
  await page
    .getByRole("button", { name: say("Reject", "拒绝"), exact: true })
    .first()
    .click();
  await expect(page.getByText(say("Rejected 1 image", "已拒绝 1 个镜像"))).toBeVisible();
  await expect(page.getByText(say("No offer waits for an answer", "没有待接受的共享镜像"))).toBeVisible();
  expect(await alice.stateOf(erp, B)).toBe("accepted");
  expect(await alice.stateOf(web, B)).toBe("rejected");

  await page.goto(page.url().replace("/pending", ""));
  await expect(header(page, "erp-golden")).toBeVisible();
  await expect(header(page, "web-base")).toHaveCount(0);
  await page.getByRole("link", { name: say("Rejected images (1)", "已拒绝的镜像（1）") }).click();
  await expect(header(page, "web-base")).toBeVisible();
  await expect(
    page.getByText(
      say(
        "If the owner stops sharing, the image leaves this list.",
        "如果所有者取消共享，镜像将从此列表中移除。",
      ),
    ),
  ).toBeVisible();
  await page.getByRole("checkbox", { name: say("Select web-base", "选择 web-base") }).check();
  await page
    .getByRole("button", { name: say("Accept", "接受"), exact: true })
    .first()
    .click();
  await expect(header(page, "web-base")).toHaveCount(0);
  expect(await alice.stateOf(web, B)).toBe("accepted");
});

test("uxt_12_st_09_a_rejection_is_undone_and_both_sides_see_it", async ({ alice, bob, say }) => {
  const [erp] = (await offers(alice, "erp-golden")) as [string];
  const page = await bob.open("images/shared/pending", B);
  await page.getByRole("checkbox", { name: say("Select erp-golden", "选择 erp-golden") }).check();
  await page
    .getByRole("button", { name: say("Reject", "拒绝"), exact: true })
    .first()
    .click();
  const told = page.getByRole("status").filter({ hasText: say("Rejected 1 image", "已拒绝 1 个镜像") });
  await expect(told).toBeVisible();
  await expect.poll(() => alice.stateOf(erp, B)).toBe("rejected");
  await told.getByRole("button", { name: say("Undo", "撤销") }).click();
  await expect(page.getByText(say("Undone", "已撤销"))).toBeVisible();
  await expect(header(page, "erp-golden")).toBeVisible();
  expect(await alice.stateOf(erp, B)).toBe("pending");
});

test("rc_03_rc_04_the_dot_and_the_bar_come_and_go_by_themselves", async ({ alice, bob, say }) => {
  const page = await bob.open("images/private", B);
  const tabs = page.getByRole("navigation", { name: say("Images", "镜像"), exact: true });
  await expect(
    tabs.getByRole("link", { name: say("Shared with me", "共享给我的镜像"), exact: true }),
  ).toBeVisible();
  const [erp] = (await offers(alice, "erp-golden")) as [string];
  const tab = tabs.getByRole("link", {
    name: say("Shared with me, 1 waits for an answer", "共享给我的镜像，1 个待接受"),
  });
  await expect(tab).toBeVisible();
  await tab.click();
  const bar = page.getByRole("region", {
    name: say("1 shared image waits for your answer", "1 个共享镜像等待您的答复"),
  });
  await expect(bar).toBeVisible();
  await alice.call("DELETE", "/shares", { images: [erp], recipients: [B] });
  await expect(bar).toBeHidden();
  await expect(
    tabs.getByRole("link", { name: say("Shared with me", "共享给我的镜像"), exact: true }),
  ).toBeVisible();
});

test("rc_06_everything_is_rejected_after_a_question", async ({ alice, bob, say }) => {
  const images = await offers(alice, "erp-golden", "web-base");
  const page = await bob.open("images/shared", B);
  const open = page.getByRole("button", { name: say("Reject all", "全部拒绝") });
  const dialog = page.getByRole("dialog", { name: say("Reject 2 shared images?", "拒绝 2 个共享镜像？") });
  await open.click();
  await expect(
    dialog.getByText(say("They move to Rejected images", "这些镜像将移至“已拒绝的镜像”")),
  ).toBeVisible();
  await dialog.getByRole("button", { name: say("Cancel", "取消") }).click();
  await expect(dialog).toBeHidden();
  for (const image of images) expect(await alice.stateOf(image, B)).toBe("pending");
  await open.click();
  await dialog.getByRole("button", { name: say("Reject all", "全部拒绝") }).click();
  await expect(dialog).toBeHidden();
  await expect(
    page.getByRole("link", { name: say("Rejected images (2)", "已拒绝的镜像（2）") }),
  ).toBeVisible();
  for (const image of images) expect(await alice.stateOf(image, B)).toBe("rejected");
});

test("rc_22_a_reader_sees_offers_and_why_he_cannot_answer", async ({ alice, as, say }) => {
  await offers(alice, "erp-golden");
  const rita = await as("rita");
  const page = await rita.open("images/shared", B);
  const accept = page.getByRole("button", { name: say("Accept all", "全部接受") });
  await expect(accept).toHaveAttribute("aria-disabled", "true");
  await accept.focus();
  await expect(accept).toHaveAccessibleDescription(/\S/);
});

test("rc_19_rc_21_who_shared_and_when_is_said_where_one_accepts", async ({ alice, bob, say }) => {
  await offers(alice, "erp-golden");
  const page = await bob.open("images/shared", B);
  const bar = page.getByRole("region", { name: say("1 shared image waits", "1 个共享镜像等待") });
  await expect(bar).toContainText(
    say("Accept images only from people you trust.", "请仅接受可信用户共享的镜像。"),
  );
  await bar.getByRole("link", { name: say("View details", "查看详情") }).click();
  const row = page.getByRole("row", { name: /erp-golden/ });
  await expect(row).toContainText("project-a");
  await expect(row.getByRole("time")).toBeVisible();
});
