import { expect, test } from "./support/fixtures";
import { isLoaded, traffic } from "./support/traffic";

const FIRST_VISIT_KIB_MAX = 450;

test("the_first_page_is_light_and_the_second_visit_loads_nothing", { tag: "@once" }, async ({ alice }) => {
  await alice.image("erp-golden");
  const { page, context } = alice;
  const first = await traffic(page);
  await alice.open("images/private");
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  const bytes = first().reduce((all, file) => all + file.bytes, 0);
  expect(first().length).toBeGreaterThan(5);
  const heaviest = first()
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 12)
    .map((file) => `${file.url} ${file.bytes}`);
  expect(bytes / 1024, `KiB of the first visit: ${heaviest.join(", ")}`).toBeLessThan(FIRST_VISIT_KIB_MAX);

  const again = await context.newPage();
  const second = await traffic(again);
  await again.goto(page.url());
  await expect(again.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  expect(second().filter(isLoaded)).toEqual([]);
});

test("the_page_forbids_itself_what_it_does_not_need", { tag: "@once" }, async ({ alice }) => {
  const answer = await alice.context.request.get(`${alice.server.url}/console/`);
  const policy = answer.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain("unsafe");
  // And it is obeyed: what is not the console's own is stopped.
  alice.watched.expects(/Content Security Policy/);
  const page = await alice.open("images/private");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const stopped = page.waitForEvent("console", (message) => /Content Security Policy/.test(message.text()));
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
  });
  await stopped;
  expect(await page.evaluate(() => "ran" in window)).toBe(false);
});

test.describe("below a prefix", () => {
  test.use({ settings: { LENDGLASS_CONSOLE__BASE_PATH: "/images" } });

  test("rg_04_the_console_lives_where_a_proxy_puts_it", { tag: "@once" }, async ({ stranger, server }) => {
    const { page } = await stranger();
    const front = await import("node:http").then(({ createServer, request }) =>
      createServer((asked, answered) => {
        const path = (asked.url ?? "/").replace(/^\/images/, "") || "/";
        const onward = request(
          `${server.url}${path}`,
          { method: asked.method, headers: asked.headers },
          (answer) => {
            answered.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(answered);
          },
        );
        onward.on("error", () => answered.destroy());
        asked.pipe(onward);
      }),
    );
    await new Promise<void>((ready) => front.listen(0, "127.0.0.1", ready));
    const address = front.address();
    const port = address && typeof address === "object" ? address.port : 0;
    try {
      await page.goto(`http://127.0.0.1:${port}/images/console/`);
      await page.getByRole("textbox", { name: "Account" }).fill("Acme");
      await page.getByRole("textbox", { name: "User" }).fill("alice");
      await page.getByRole("textbox", { name: "Password" }).fill("demo");
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
      await expect(page).toHaveURL(new RegExp(`:${port}/images/console/r/r1/p/`));
    } finally {
      await page.close();
      front.closeAllConnections();
      front.close();
    }
  });
});
