import { expect, test } from "./support/fixtures";
import { WAITING } from "./support/look";
import { hold } from "./support/traffic";

test("rows_take_the_place_that_was_kept_for_them_while_the_list_loads", async ({ alice, say }) => {
  for (const name of ["erp-golden", "web-base", "win-base"]) await alice.image(name);
  const { page } = alice;
  const answer = await hold(page, /\/api\/v1\/images\?/);
  await alice.open("images/private");
  const table = page.getByRole("table", { name: say("Private", "私有镜像") });
  await expect(table.getByText(say("Loading", "加载中"))).toBeAttached();
  await expect(page.locator(WAITING), "what waits for a page to settle sees it").not.toHaveCount(0);
  // What is counted above the list comes by itself, and has its own line.
  await expect(page.getByText(say("You share 0 images", "您已共享 0 个镜像"))).toBeVisible();
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

test("ui_02_rows_stay_where_they_are_while_somebody_is_at_work_in_them", { tag: "@once" }, async ({
  alice,
}) => {
  const golden = await alice.image("erp-golden");
  const web = await alice.image("web-base");
  const page = await alice.open("images/private");
  const names = () => page.getByRole("rowheader").allInnerTexts();
  const held = (n: number) =>
    page.getByRole("button", { name: n === 1 ? "1 change – show" : `${n} changes – show` });
  const changes = page.getByRole("button", { name: /changes? – show/ });
  const row = page.getByRole("row", { name: /erp-/ });
  await expect.poll(names).toEqual(["web-base", "erp-golden"]);

  // The pointer is in the table: what comes waits, what is there says what it is now, and nothing moves.
  await row.hover();
  const place = await row.boundingBox();
  await alice.image("win-base");
  await expect(held(1)).toBeVisible();
  await expect(page.getByRole("status").filter({ has: changes })).toBeVisible();
  await alice.call("PATCH", `/images/${golden}`, { name: "erp-platinum" });
  await expect(page.getByRole("rowheader", { name: "erp-platinum" })).toBeVisible();
  expect(await names()).toEqual(["web-base", "erp-platinum"]);
  expect(await row.boundingBox()).toEqual(place);
  await page.getByRole("heading", { level: 1 }).hover();
  await expect.poll(names).toEqual(["win-base", "web-base", "erp-platinum"]);
  await expect(changes).toHaveCount(0);

  // A row is ticked.
  await page.getByRole("checkbox", { name: "Select erp-platinum" }).check();
  await alice.call("DELETE", `/images/${web}`);
  await expect(held(1)).toBeVisible();
  await alice.image("deb-base");
  await expect(held(2)).toBeVisible();
  expect(await names()).toEqual(["win-base", "web-base", "erp-platinum"]);
  await held(2).click();
  await expect.poll(names).toEqual(["deb-base", "win-base", "erp-platinum"]);
  await expect(page.getByRole("button", { name: "Refresh" })).toBeFocused();
  await expect(page.getByRole("checkbox", { name: "Select erp-platinum" })).toBeChecked();

  // What the user does himself is shown at once.
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await expect.poll(names).toEqual(["deb-base", "win-base"]);

  // Nobody is at work.
  await page.getByRole("heading", { level: 1 }).hover();
  await alice.image("zen-base");
  await expect.poll(names).toEqual(["zen-base", "deb-base", "win-base"]);
  await expect(changes).toHaveCount(0);
});

test("on_a_narrow_screen_cards_take_the_place_that_was_kept_for_them", { tag: "@once" }, async ({ as }) => {
  const alice = await as("alice", { viewport: { width: 360, height: 740 } });
  await alice.image("erp-golden");
  const { page } = alice;
  const answer = await hold(page, /\/api\/v1\/images\?/);
  await alice.open("images/private");
  const cards = page.locator("[data-list=images-private] ol > li");
  await expect(page.locator(WAITING), "what waits for a page to settle sees it").not.toHaveCount(0);
  await expect(cards.first().getByText("Status")).toBeVisible();
  await expect(page.getByRole("checkbox")).toHaveCount(0);
  const room = await cards.first().boundingBox();
  answer();
  await expect(cards.first().getByText("erp-golden")).toBeVisible();
  await expect(cards).toHaveCount(1);
  const first = await cards.first().boundingBox();
  expect(first?.y).toBeCloseTo(room?.y ?? 0, 0);
  expect(Math.abs((first?.height ?? 0) - (room?.height ?? 0))).toBeLessThanOrEqual(8);
});
