import type { Page } from "@playwright/test";
import { B, C, expect, test } from "./support/fixtures";

type Say = (english: string, chinese: string) => string;

/** Takes back what was just told. */
async function undo(page: Page, told: string, say: Say) {
  const news = page.getByRole("status").filter({ hasText: told });
  await news.getByRole("button", { name: say("Undo", "撤销") }).click();
  await expect(page.getByText(say("Undone", "已撤销"))).toBeVisible();
}

test("st_09_an_offer_is_taken_back_by_undo", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/private?dialog=share&ids=${image}&to=${B}`);
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") }).click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(image, B)).toBe("pending");
  await undo(page, say("Shared 1 image with 1 tenant", "已将 1 个镜像 共享给 1 个租户"), say);
  await expect.poll(() => alice.stateOf(image, B)).toBeUndefined();
  const inbox = await bob.open("images/shared/pending", B);
  await expect(inbox.getByText(say("No offer waits for an answer", "没有待接受的共享镜像"))).toBeVisible();
});

test("st_09_a_withdrawal_is_undone_with_the_answers_as_they_were", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B, C]);
  await bob.answer("accept", [image]);
  const page = await alice.open(`images/private?dialog=unshare&ids=${image}`);
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("Cancel sharing", "取消共享") })
    .click();
  await expect.poll(() => alice.stateOf(image, B)).toBeUndefined();
  await undo(page, say("Sharing of 1 image cancelled", "已取消 1 个镜像的共享"), say);
  await expect.poll(() => alice.stateOf(image, B)).toBe("accepted");
  expect(await alice.stateOf(image, C)).toBe("pending");
  await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText(say("2 tenants", "2 个租户"));
});

test("st_09_one_tenant_removed_from_the_list_comes_back", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B, C]);
  await bob.answer("accept", [image]);
  const page = await alice.open(`images/${image}/tenants`);
  const row = page.getByRole("row", { name: /project-b/ });
  await row.getByRole("button", { name: say("Delete: project-b", "删除: project-b") }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("Remove", "移除"), exact: true })
    .click();
  await expect(row).toHaveCount(0);
  await undo(page, say("Removed 1 tenant", "已移除 1 个租户"), say);
  await expect(row).toContainText(say("Accepted", "已接受"));
});

test("st_09_an_acceptance_is_undone", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  const page = await bob.open("images/shared", B);
  await page.getByRole("button", { name: say("Accept all", "全部接受") }).click();
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await undo(page, say("Accepted 1 image", "已接受 1 个镜像"), say);
  await expect(page.getByRole("button", { name: say("Accept all", "全部接受") })).toBeVisible();
  expect(await alice.stateOf(image, B)).toBe("pending");
});

test("rc_14_st_09_removed_images_are_named_first_and_come_back", async ({ alice, bob, say }) => {
  const images = [await alice.image("erp-golden"), await alice.image("web-base")];
  await alice.share(images, [B]);
  await bob.answer("accept", images);
  const page = await bob.open("images/shared", B);
  for (const name of ["erp-golden", "web-base"])
    await page.getByRole("checkbox", { name: say(`Select ${name}`, `选择 ${name}`) }).check();
  await page.getByRole("button", { name: say("Remove", "移除"), exact: true }).click();
  const dialog = page.getByRole("dialog", { name: say("Remove 2 shared images?", "移除 2 个共享镜像？") });
  await expect(dialog).toContainText("erp-golden");
  await expect(dialog).toContainText("web-base");
  await dialog.getByRole("button", { name: say("Remove", "移除"), exact: true }).click();
  await expect(page.getByRole("rowheader")).toHaveCount(0);
  for (const image of images) expect(await alice.stateOf(image, B)).toBe("rejected");
  await undo(page, say("Rejected 2 images", "已拒绝 2 个镜像"), say);
  await expect(page.getByRole("rowheader")).toHaveCount(2);
  for (const image of images) expect(await alice.stateOf(image, B)).toBe("accepted");
});

test("st_09_what_somebody_has_answered_since_is_not_undone", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/private?dialog=share&ids=${image}&to=${B}`);
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") })
    .click();
  await expect.poll(() => alice.stateOf(image, B)).toBe("pending");
  await bob.answer("accept", [image]);
  await page
    .getByRole("status")
    .getByRole("button", { name: say("Undo", "撤销") })
    .click();
  const told = page.getByRole("button", { name: say("Details", "详情"), exact: true });
  await told.click();
  await expect(page.getByText("UNDO_CONFLICT")).toBeVisible();
  expect(await alice.stateOf(image, B)).toBe("accepted");
});
