import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { A, expect, type Person, test } from "../e2e/support/fixtures";
import { median, ms, tell } from "./figures";

const IMAGES = Number(process.env.BENCH_IMAGES ?? 100_000);
const ROUNDS = 20;
const SERVER_GOAL = "150 ms";

/** Copies the rows of an image so many times, each with its own id, name, time, size and state. */
function multiply(database: string, seed: string, times: number) {
  const sql = (text: string) => execFileSync("sqlite3", [database], { input: text, encoding: "utf8" });
  const columns = sql("select name from pragma_table_info('image');").trim().split("\n");
  const own: Record<string, string> = {
    id: "printf('%08x-0000-4000-8000-%012x', n, n)",
    name: "printf('%s-%06d', case n % 3 when 0 then 'Erp' when 1 then 'web' else 'batch' end, n)",
    name_folded: "printf('%s-%06d', case n % 3 when 0 then 'erp' when 1 then 'web' else 'batch' end, n)",
    kind: "case n % 5 when 0 then 'data' else seed.kind end",
    status: "case n % 7 when 0 then 'deactivated' else seed.status end",
    size_bytes: "(n * 7919) % 100000000",
    tags: "case n % 10 when 0 then '[\"env=prod\"]' else '[]' end",
    tencent_id: "printf('img-%08x', n)",
    created_at: "seed.created_at - n * 1000000",
    updated_at: "seed.created_at - n * 1000000",
  };
  const values = columns.map((column) => own[column] ?? `seed.${column}`);
  const count = `with recursive count(n) as (select 1 union all select n + 1 from count where n < ${times})`;
  sql(`pragma foreign_keys = off; begin;
    ${count} insert into image (${columns}) select ${values} from count, image seed where seed.id = '${seed}';
    insert into image_access (region_id, principal, is_hidden, created_at, image_id, via, ends_at)
      select a.region_id, a.principal, a.is_hidden, i.created_at, i.id, a.via, a.ends_at
      from image i, image_access a where a.image_id = '${seed}' and i.id <> '${seed}';
    insert into image_tag (image_id, tag) select id, 'env=prod' from image where tags = '["env=prod"]';
    commit; analyze;`);
}

async function answers(alice: Person, name: string, query: string) {
  const took: number[] = [];
  let rows = 0;
  const before = alice.server.cpu;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    const answer = await alice.ask("GET", `/images?view=owned&limit=50&total=true${query}`, undefined, A);
    took.push(performance.now() - begun);
    rows = ((await answer.json()) as { images: unknown[] }).images.length;
  }
  expect(rows, name).toBeGreaterThan(0);
  const cpu = (alice.server.cpu - before) / ROUNDS;
  tell(`list of ${IMAGES}: ${name}`, ms(median(took)), `${SERVER_GOAL}; ${ms(cpu)} of a processor`);
}

/** What keeps the page from answering while something is done, in ms. */
async function busy(page: Page, act: () => Promise<void>) {
  await page.evaluate(() => {
    const seen = { tasks: [] as number[] };
    (window as unknown as { seen: typeof seen }).seen = seen;
    new PerformanceObserver((list) =>
      seen.tasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ type: "longtask" });
  });
  const begun = performance.now();
  await act();
  const took = performance.now() - begun;
  const tasks = await page.evaluate(() => (window as unknown as { seen: { tasks: number[] } }).seen.tasks);
  return { took, tasks };
}

test("lists", async ({ alice, server }) => {
  const seed = await alice.image("seed");
  await server.down();
  multiply(server.database, seed, IMAGES - 1);
  await server.up();
  await alice.signIn("Acme");

  await answers(alice, "newest first", "&sort=created_at:desc");
  await answers(alice, "by name", "&sort=name:asc");
  await answers(alice, "by size", "&sort=size:desc");
  await answers(alice, "by status", "&sort=status:asc");
  await answers(alice, "part of a name", "&name_contains=erp-09&sort=created_at:desc");
  await answers(alice, "part of a name that few have", "&name_contains=099999&sort=created_at:desc");
  await answers(alice, "a type", "&kind=data&sort=created_at:desc");
  await answers(alice, "a type, by size", "&kind=data&sort=size:desc");
  await answers(alice, "a status", "&status=deactivated&sort=created_at:desc");
  await answers(alice, "a tag", "&tag=env%3Dprod&sort=name:asc");

  const page = await alice.open("images/private");
  const headers = page.getByRole("rowheader");
  await expect(headers).toHaveCount(20);
  const paged = await busy(page, async () => {
    for (let at = 2; at <= 11; at++) {
      const before = await headers.first().innerText();
      await page.getByRole("button", { name: "Next page" }).click();
      await expect(headers.first()).not.toHaveText(before);
    }
  });
  tell("ten pages in the browser, each", ms(paged.took / 10));
  tell("ten pages: the longest task", ms(Math.max(0, ...paged.tasks)));
  const filtered = await busy(page, async () => {
    await page.getByRole("combobox", { name: "Filter" }).fill("erp-09");
    await page.keyboard.press("Enter");
    await expect(headers.first()).toHaveText(/^Erp-09/);
  });
  tell("a filter in the browser, from the first key to rows", ms(filtered.took));
  tell("a filter: the longest task", ms(Math.max(0, ...filtered.tasks)));
  const sorted = await busy(page, async () => {
    await page.getByRole("columnheader", { name: "Name" }).getByRole("button").first().click();
    await expect(page).toHaveURL(/sort=/);
  });
  tell("a sort: the longest task", ms(Math.max(0, ...sorted.tasks)));
});
