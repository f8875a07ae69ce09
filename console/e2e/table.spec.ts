import { expect, test } from "./support/fixtures";
import { WAITING } from "./support/look";

test("rows_take_the_place_that_was_kept_for_them_while_the_list_loads", async ({ alice, say }) => {
  for (const name of ["erp-golden", "web-base", "win-base"]) await alice.image(name);
  const { page } = alice;
  let answer = () => {};
  const held = new Promise<void>((go) => {
    answer = go;
  });
  await page.route(/\/api\/v1\/images\?/, async (route) => {
    await held;
    await route.continue();
  });
  await alice.open("images/private");
  const table = page.getByRole("table", { name: say("Private", "私有镜像") });
  await expect(table.getByText(say("Loading", "加载中"))).toBeAttached();
  await expect(page.locator(WAITING), "what waits for a page to settle sees it").not.toHaveCount(0);
  const kept = table.locator("tbody tr[aria-hidden=true]");
  const room = await kept.first().boundingBox();
  expect(await kept.count()).toBeGreaterThan(3);
  const moving = await kept
    .first()
    .evaluate(
      (row) => row.getAnimations({ subtree: true }).filter((one) => one.playState === "running").length,
    );
  expect(moving, "nothing moves where less motion is wanted").toBe(0);
  answer();
  const row = table.getByRole("row", { name: /win-base/ });
  await expect(row).toBeVisible();
  await expect(kept).toHaveCount(0);
  const first = await table.getByRole("row").nth(1).boundingBox();
  expect(first?.y).toBeCloseTo(room?.y ?? 0, 0);
  expect(Math.abs((first?.height ?? 0) - (room?.height ?? 0))).toBeLessThanOrEqual(1);
});
