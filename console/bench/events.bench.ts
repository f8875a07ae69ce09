import { B, expect, test } from "../e2e/support/fixtures";
import { median, ms, tell } from "./figures";

const ROUNDS = 20;

test("events", async ({ alice, bob }) => {
  const page = await bob.open("images/shared/pending", B);
  await expect(page.getByText("No offer waits for an answer")).toBeVisible();
  // What is seen first opens the stream; the rounds then measure an open one.
  await alice.share([await alice.image("first")], [B]);
  await expect(page.getByRole("rowheader", { name: "first" })).toBeVisible();
  await page.evaluate(() => {
    const seen: Record<string, number> = {};
    (window as unknown as { seen: typeof seen }).seen = seen;
    new MutationObserver(() => {
      for (const { textContent } of document.querySelectorAll("th[scope=row], td [data-row]")) {
        if (textContent) seen[textContent.trim()] ??= Date.now();
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `offer-${round}`;
    const image = await alice.image(name);
    const begun = Date.now();
    await alice.share([image], [B]);
    const shown = await page.waitForFunction(
      (name) => (window as unknown as { seen: Record<string, number> }).seen[name],
      name,
    );
    took.push(((await shown.jsonValue()) as number) - begun);
    await bob.answer("reject", [image]);
  }
  tell("from an offer to the recipient's screen", ms(median(took)), "1000 ms");
  tell("from an offer to the recipient's screen, slowest of 20", ms(Math.max(...took)));
});
