import { expect, type Person, test } from "./support/fixtures";
import { misfits, seriousFindings, settled } from "./support/look";
import { everyDialog, everyPage, type Filled, fill } from "./support/places";

test.setTimeout(600_000);

interface World {
  alice: Person;
  admin: Person;
  filled: Filled;
}
type Look = (person: Person, path: string) => Promise<void>;

/** Opens every page as one who may. */
async function visitPages({ alice, admin, filled }: World, look: Look, query = "") {
  for (const { scope, path } of everyPage(filled)) {
    const person = scope === "operator" ? admin : alice;
    await test.step(path, async () => {
      await person.openAt(path + query);
      await settled(person.page);
      await look(person, path);
    });
  }
}

/** Opens every dialog. */
async function visitDialogs({ alice, filled }: World, look: Look, query = "") {
  for (const path of everyDialog(filled)) {
    await test.step(path, async () => {
      await alice.openAt(path + query.replace("?", "&"));
      await expect(alice.page.getByRole("dialog").last()).toBeVisible();
      await settled(alice.page);
      await look(alice, path);
    });
  }
}

/** Fails where axe finds something serious, in light or in dark. */
const axeIsContent: Look = async ({ page }, path) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("body")).toHaveClass(
      colorScheme === "dark" ? /awsui-dark-mode/ : /^(?!.*awsui-dark-mode)/,
    );
    expect.soft(await seriousFindings(page), `${path}, ${colorScheme}`).toEqual([]);
  }
};

/** Fails where something does not fit. */
const everythingFits: Look = async ({ page }, path) => {
  expect.soft(await misfits(page), path).toEqual([]);
};

test("uxt_08_xc_07_xc_08_axe_finds_nothing_serious_on_pages_in_light_and_dark", async ({
  alice,
  bob,
  as,
}) => {
  const filled = await fill(alice, bob);
  await visitPages({ alice, admin: await as("admin"), filled }, axeIsContent);
});

test("uxt_08_xc_07_xc_08_axe_finds_nothing_serious_in_dialogs_in_light_and_dark", async ({
  alice,
  bob,
  as,
}) => {
  const filled = await fill(alice, bob);
  await visitDialogs({ alice, admin: await as("admin"), filled }, axeIsContent);
});

test("xc_08_every_page_holds_on_a_screen_of_360_pixels", async ({ as, bob }) => {
  const viewport = { width: 360, height: 740 };
  const [alice, admin] = [await as("alice", { viewport }), await as("admin", { viewport })];
  const world = { alice, admin, filled: await fill(alice, bob) };
  await visitPages(world, everythingFits);
  await visitDialogs(world, everythingFits);
});

test("xc_06_every_page_holds_texts_that_are_longer_by_two_fifths", { tag: "@once" }, async ({ as, bob }) => {
  const viewport = { width: 1024, height: 740 };
  const [alice, admin] = [await as("alice", { viewport }), await as("admin", { viewport })];
  const world = { alice, admin, filled: await fill(alice, bob) };
  await visitPages(world, everythingFits, "?lang=en-XA");
  await visitDialogs(world, everythingFits, "?lang=en-XA");
});
