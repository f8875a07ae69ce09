import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { A, ACCOUNTS, B, expect, OPS, PASSWORD, type Person, test } from "./support/fixtures";
import { settled } from "./support/look";
import { everyPage, fill } from "./support/places";
import { plainEnvironment, Server } from "./support/server";

/** Runs what the console shows, in a shell that has `lend`, as somebody in a project. */
async function run({ name, server }: Person, project: string, command: string, cwd = tmpdir()) {
  const folder = dirname(Server.lend());
  const { stdout } = await promisify(execFile)("sh", ["-ec", command], {
    cwd,
    env: {
      ...plainEnvironment(),
      HOME: cwd,
      PATH: `${folder}:${process.env.PATH}`,
      OS_AUTH_URL: `${server.url}/v3`,
      OS_USERNAME: name,
      OS_PASSWORD: PASSWORD,
      OS_USER_DOMAIN_NAME: ACCOUNTS[name as keyof typeof ACCOUNTS],
      OS_PROJECT_ID: project,
    },
  });
  return stdout;
}

/** What would change something is only tried. */
const tried = (command: string) =>
  /^lend (policy set|share accept) /.test(command) ? `${command} --dry-run` : command;

test("ap_01_every_command_that_the_console_offers_runs", { tag: "@once" }, async ({ alice, bob, as }) => {
  test.setTimeout(600_000);
  const filled = await fill(alice, bob);
  const admin = await as("admin");
  await alice.call("POST", "/webhooks", { url: "https://hooks.example/lend" });
  await alice.call("PUT", `/rules/${B}`, { verdict: "accept" });
  const seen = new Set<string>();
  for (const { scope, path } of everyPage(filled)) {
    const person = scope === "operator" ? admin : alice;
    const project = scope === "operator" ? OPS : A;
    await person.openAt(path);
    await settled(person.page);
    const menus = person.page.getByRole("button", { name: "Actions for" });
    // A list that holds nothing here has no menus.
    const rows = person.page.locator("[data-list] tbody tr");
    if ((await person.page.locator("[data-list]").count()) > 0) await expect(rows.first()).toBeVisible();
    if ((await menus.count()) === 0) continue;
    await menus.first().click();
    const copy = person.page.getByRole("menuitem", { name: "Copy CLI command" });
    if ((await copy.count()) === 0) continue;
    await copy.click();
    await expect(person.page.getByText(/^Copied/)).toBeVisible();
    const command = await person.page.evaluate(() => navigator.clipboard.readText());
    await test.step(`${path}: ${command}`, () => run(person, project, tried(command)));
    seen.add(command.split(" ").slice(0, 3).join(" "));
  }
  expect([...seen].sort()).toEqual(
    expect.arrayContaining([
      "lend access policy",
      "lend access user",
      "lend audit list",
      "lend backup show",
      "lend image show",
      "lend job show",
      "lend operator storage",
      "lend operator tenants",
      "lend policy set",
      "lend region list",
      "lend share accept",
      "lend vault show",
    ]),
  );
});

test("ap_01_the_commands_of_the_wizard_make_the_same_image", { tag: "@once" }, async ({ alice }) => {
  const folder = mkdtempSync(join(tmpdir(), "lendglass-cli-"));
  try {
    const disk = Buffer.alloc(64 * 1024, "golden");
    disk.writeUInt16LE(0xaa55, 510);
    writeFileSync(join(folder, "golden disk.raw"), disk);
    const page = await alice.open("images/new");
    await page.getByTestId("image-file").setInputFiles(join(folder, "golden disk.raw"));
    const next = page.getByRole("button", { name: "Next", exact: true });
    await expect(page.getByRole("status").filter({ hasText: "golden disk.raw" })).toBeVisible();
    await next.click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("it's golden");
    await page.getByRole("textbox", { name: "Description" }).fill("ERP 12, hardened");
    await page.getByRole("textbox", { name: "Tags" }).fill("env=prod");
    await next.click();
    await page.getByRole("checkbox", { name: "Protect it from being deleted" }).check();
    await next.click();
    await page.getByRole("button", { name: "Show CLI / API" }).click();
    const command = await page.locator("pre").filter({ hasText: "lend image upload" }).innerText();
    await run(alice, A, command, folder);
    const { images } = await alice.call<{ images: Record<string, unknown>[] }>("GET", "/images?view=owned");
    expect(images).toMatchObject([
      {
        name: "it's golden",
        status: "active",
        kind: "system",
        protected: true,
        tags: ["env=prod"],
        properties: { description: "ERP 12, hardened" },
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
