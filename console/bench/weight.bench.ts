import { expect, test } from "../e2e/support/fixtures";
import { isLoaded, type Loaded, traffic } from "../e2e/support/traffic";
import { tell } from "./figures";

test("weight", async ({ alice }) => {
  await alice.image("erp-golden");
  const { page, context } = alice;
  const kib = (files: Loaded[]) => `${(files.reduce((all, { bytes }) => all + bytes, 0) / 1024).toFixed(0)} KiB`;
  const first = await traffic(page);
  await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  tell("first visit, with the answers of the API", kib(first()), "450 KiB");
  const again = await context.newPage();
  const second = await traffic(again);
  await again.goto(page.url());
  await expect(again.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  tell("second visit, without them", kib(second().filter(isLoaded)), "0 KiB");
});
