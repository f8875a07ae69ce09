import { createHash } from "node:crypto";
import { A, B, B2, expect, test } from "./support/fixtures";

const MIB = 1024 * 1024;

test.describe("where no job gets its turn", () => {
  test.use({ settings: { LENDGLASS_JOBS__WORKERS: "0" } });

  test("xc_02_a_job_that_waits_is_cancelled_and_its_image_never_gets_bytes", async ({ bob, say }) => {
    const { id } = await bob.call<{ id: string }>(
      "POST",
      "/images",
      { name: "erp-golden", disk_format: "raw", container_format: "bare" },
      B,
    );
    await bob.call("PUT", `/images/${id}/file`, Buffer.alloc(MIB, "golden"), B);
    const page = await bob.open(`images/private?dialog=copy&ids=${id}`, B);
    const dialog = page.getByRole("dialog", {
      name: say("Copy erp-golden to another region", "将“erp-golden”复制到其他区域"),
    });
    await dialog.getByRole("button", { name: say("Copy to region", "跨区域复制") }).click();
    await expect(dialog).toBeHidden();

    // Where it goes to, the job is not to be seen, and the copy says itself how far it is.
    await bob.open("images/private", B2, "r2");
    await expect(page.getByRole("row", { name: /erp-golden/ })).toContainText(
      say("Importing 0 %", "导入中 0 %"),
    );

    await bob.open("jobs", B);
    const row = page
      .getByRole("row")
      .filter({ hasText: say("Copy “erp-golden” to another region", "将“erp-golden”复制到其他区域") });
    await expect(row).toContainText(say("Waiting", "等待中"));
    await row.getByRole("button", { name: say("Actions for", "的操作") }).click();
    await page.getByRole("menuitem", { name: say("Cancel", "取消"), exact: true }).click();
    const ask = page.getByRole("dialog", { name: say("Cancel this job?", "取消此任务？") });
    await expect(ask.getByText(say("what it has done is undone", "已完成的部分会被撤销"))).toBeVisible();
    await ask.getByRole("button", { name: say("Cancel the job", "取消任务") }).click();
    await expect(ask).toBeHidden();
    await expect(page.getByText(say("The job was cancelled", "任务已取消"))).toBeVisible();
    await expect(row).toContainText(say("Cancelled", "已取消"));
    const { images } = await bob.call<{ images: unknown[] }>("GET", "/images?view=owned", undefined, B2);
    expect(images).toMatchObject([{ status: "killed", size_bytes: null }]);

    await row.getByRole("button", { name: say("Actions for", "的操作") }).click();
    await page.getByRole("menuitem", { name: say("Retry failed", "重试失败项") }).click();
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();

    // Once it has ended there is nothing to cancel, and the page of the job says so.
    await row.getByRole("link").first().click();
    const cancel = page.getByRole("button", { name: say("Cancel", "取消"), exact: true });
    await cancel.focus();
    await expect(cancel).toHaveAccessibleDescription(say("The job has ended", "任务已结束"));
  });
});

test("ui_06_an_image_on_its_way_says_in_words_and_percent_how_far_it_is", async ({ alice, as, say }) => {
  const bytes = Buffer.alloc(4 * MIB, "golden");
  const { id } = await alice.call<{ id: string }>("POST", "/images", {
    name: "golden",
    disk_format: "raw",
    container_format: "bare",
  });
  const uploads = `${alice.server.url}/api/v1/uploads`;
  const tus = { "Tus-Resumable": "1.0.0", Origin: alice.server.url, "X-Lendglass-Project": A };
  const word = (text: string) => Buffer.from(text).toString("base64");
  const begun = await alice.context.request.post(uploads, {
    headers: {
      ...tus,
      "Upload-Length": String(bytes.length),
      "Upload-Metadata": `image ${word(id)},filename ${word("golden.raw")}`,
    },
  });
  const upload = ((await begun.json()) as { id: string }).id;
  const send = async (from: number, to: number) => {
    const answer = await alice.context.request.fetch(`${uploads}/${upload}`, {
      method: "PATCH",
      headers: { ...tus, "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(from) },
      data: bytes.subarray(from, to),
    });
    expect(answer.status()).toBe(204);
  };
  // Somebody else of the project, who sends nothing himself, sees it too.
  const second = await as("alice");
  const page = await second.open("images/private");
  const row = page.getByRole("row", { name: /golden/ });
  await expect(row).toContainText(say("Importing 0 %", "导入中 0 %"));
  await send(0, MIB);
  await page.reload();
  await expect(row).toContainText("25 %");
  await send(MIB, 3 * MIB);
  await expect(row).toContainText("75 %");
  await send(3 * MIB, bytes.length);
  await expect(row).toContainText(say("Normal", "正常"));
  const image = await alice.call<{ digest: { value: string } }>("GET", `/images/${id}`);
  expect(image.digest.value).toBe(createHash("sha512").update(bytes).digest("hex"));
});

test.describe("while a replica waits for its turn", () => {
  test.use({ settings: { LENDGLASS_JOBS__WORKERS: "0" } });

  test("ui_06_a_replica_that_is_being_made_shows_its_percent_in_the_list", async ({ alice, say }) => {
    const id = await alice.image("erp-golden");
    await alice.call("POST", `/images/${id}/replicate`, { name: "replica" });
    const page = await alice.open("images/private");
    const row = page.getByRole("row", { name: /replica/ });
    await expect(row).toContainText(say("Importing 0 %", "导入中 0 %"));
  });
});

test("sh_21_what_a_share_refused_is_tried_again_from_its_job", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B, "e".repeat(32)]);
  const page = await alice.open("jobs");
  const row = page.getByRole("row", { name: say("Share “erp-golden”", "共享“erp-golden”") });
  await expect(row).toContainText(say("Partly succeeded", "部分成功"));
  await expect(row).toContainText(say("1 of 2", "1 / 2"));
  await row.getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    say("Share “erp-golden”", "共享“erp-golden”"),
  );
  await page.getByRole("button", { name: say("Retry failed", "重试失败项") }).click();
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  await expect(dialog.getByRole("listitem")).toHaveCount(1);
  await expect(dialog.getByRole("listitem")).toContainText("eeee…eeee");
  await expect(page).toHaveURL(/dialog=share/);
});

test.describe("of a copy whose source goes before its turn", () => {
  test.use({ settings: { LENDGLASS_JOBS__WORKERS: "0" } });

  test("t_047_that_a_job_has_failed_is_told_on_whatever_page_its_user_is", async ({
    bob,
    server,
    wish,
    say,
  }) => {
    bob.watched.expects(/ERR_CONNECTION_|ERR_INCOMPLETE|ERR_EMPTY|Failed to fetch/);
    const { id } = await bob.call<{ id: string }>(
      "POST",
      "/images",
      { name: "erp-golden", disk_format: "raw", container_format: "bare" },
      B,
    );
    await bob.call("PUT", `/images/${id}/file`, Buffer.alloc(MIB, "golden"), B);
    const page = await bob.open("quotas", B);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await Promise.all([
      page.waitForResponse(
        async (answer) => /\/jobs\?/.test(answer.url()) && /"ready".*erp-golden/.test(await answer.text()),
      ),
      bob.call("POST", `/images/${id}/copy`, { region: "r2", project: B2 }, B),
    ]);
    await bob.call("DELETE", `/images/${id}`, undefined, B);
    await server.down();
    wish.settings = { LENDGLASS_JOBS__WORKERS: "2" };
    await server.up();
    const news = page.getByText(
      say("Copy “erp-golden” to another region: failed", "将“erp-golden”复制到其他区域：失败"),
    );
    await expect(news).toBeVisible({ timeout: 40_000 });
    await expect(page.getByText(id).first()).toBeVisible();
    await page.getByRole("button", { name: say("Open", "打开"), exact: true }).click();
    await expect(page.getByText(say("Why it failed", "失败原因"))).toBeVisible();
    // Once told, it is no news.
    await page.reload();
    await expect(page.getByText(say("Why it failed", "失败原因"))).toBeVisible();
    await expect(news).toHaveCount(0);
  });
});
