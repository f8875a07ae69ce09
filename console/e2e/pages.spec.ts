import { expect, type Person, test } from "./support/fixtures";
import { misfits, seriousFindings, settled } from "./support/look";
import { everyDialog, everyPage, type Filled, fill } from "./support/places";

test.setTimeout(600_000);

/** Opens every page and dialog as one who may. */
async function visit(
  { alice, admin, filled }: { alice: Person; admin: Person; filled: Filled },
  look: (person: Person, path: string) => Promise<void>,
  query = "",
) {
  for (const { scope, path } of everyPage(filled)) {
    const person = scope === "operator" ? admin : alice;
    await test.step(path, async () => {
      await person.openAt(path + query);
      await settled(person.page);
      await look(person, path);
    });
  }
  for (const path of everyDialog(filled)) {
    await test.step(path, async () => {
      await alice.openAt(path + query.replace("?", "&"));
      await expect(alice.page.getByRole("dialog").last()).toBeVisible();
      await settled(alice.page);
      await look(alice, path);
    });
  }
}

test("uxt_08_xc_07_xc_08_axe_finds_nothing_serious_in_light_and_dark", async ({ alice, bob, as }) => {
  const filled = await fill(alice, bob);
  const admin = await as("admin");
  await visit({ alice, admin, filled }, async ({ page }, path) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await expect(page.locator("body")).toHaveClass(
        colorScheme === "dark" ? /awsui-dark-mode/ : /^(?!.*awsui-dark-mode)/,
      );
      expect.soft(await seriousFindings(page), `${path}, ${colorScheme}`).toEqual([]);
    }
  });
});

test("xc_08_every_page_holds_on_a_screen_of_360_pixels", async ({ as, bob }) => {
  const viewport = { width: 360, height: 740 };
  const alice = await as("alice", { viewport });
  const admin = await as("admin", { viewport });
  const filled = await fill(alice, bob);
  await visit({ alice, admin, filled }, async ({ page }, path) => {
    expect.soft(await misfits(page), path).toEqual([]);
  });
});

test("xc_06_every_page_holds_texts_that_are_longer_by_two_fifths", { tag: "@once" }, async ({ as, bob }) => {
  const viewport = { width: 1024, height: 740 };
  const alice = await as("alice", { viewport });
  const admin = await as("admin", { viewport });
  const filled = await fill(alice, bob);
  const look = async ({ page }: Person, path: string) => {
    expect.soft(await misfits(page), path).toEqual([]);
  };
  await visit({ alice, admin, filled }, look, "?lang=en-XA");
});
