import { readFileSync } from "node:fs";
import { strFromU8, unzipSync } from "fflate";
import { A, B, C, expect, type Person, test } from "./support/fixtures";

test("sh_40_a_published_image_is_in_everybodys_marketplace", async ({ alice, bob, say }) => {
  const image = await alice.image("appliance");
  const page = await bob.open("images/market", B);
  await expect(page.getByText(say("Nothing is published here", "此处没有已发布的镜像"))).toBeVisible();
  await alice.call("POST", `/images/${image}/publish`);
  await page.getByRole("button", { name: say("Refresh", "刷新") }).click();
  const row = page.getByRole("row", { name: /appliance/ });
  await expect(row).toContainText("project-a");
  await row.getByRole("link", { name: "appliance" }).click();
  await expect(page.getByText(say("In the marketplace", "已发布到镜像市场"))).toBeVisible();
  await page
    .getByRole("button", { name: say("Replicate", "复制镜像"), exact: true })
    .first()
    .click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("Replicate", "复制镜像") })
    .click();
  await expect
    .poll(async () => (await bob.call<{ images: unknown[] }>("GET", "/images?view=owned")).images.length)
    .toBe(1);
  await alice.call("POST", `/images/${image}/unpublish`);
  await bob.open(`images/${image}/summary`, B);
  await expect(
    page.getByRole("heading", { name: /not available in project-b|project-b.*中不可用/ }),
  ).toBeVisible();
});

test("ap_08_other_tabs_hear_what_somebody_does_in_one", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  await alice.share([image], [B]);
  const pending = await bob.open("images/shared/pending", B);
  const shared = await bob.context.newPage();
  await shared.goto(pending.url().replace("/pending", ""));
  const owners = await alice.open(`images/${image}/tenants`);
  await expect(pending.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await expect(
    shared.getByRole("region", { name: say("1 shared image waits", "1 个共享镜像等待") }),
  ).toBeVisible();

  // As the command line does it.
  await bob.answer("accept", [image]);
  await expect(pending.getByText(say("No offer waits for an answer", "没有待接受的共享镜像"))).toBeVisible();
  await expect(shared.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await expect(owners.getByRole("row", { name: /project-b/ })).toContainText(say("Accepted", "已接受"));

  // And a record that is changed from elsewhere.
  await alice.open("images/private");
  await expect(owners.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  await alice.call("PATCH", `/images/${image}`, { name: "erp-platinum" });
  await expect(owners.getByRole("rowheader", { name: "erp-platinum" })).toBeVisible();
});

test("sh_19_pasted_ids_are_asked_of_the_server_in_one_call", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  const { page } = alice;
  const asked: string[] = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (/\/(shares|tenants\/resolve)$/.test(path) && request.method() !== "GET") asked.push(path);
    if (path.endsWith("/tenants/resolve")) asked.push(path);
  });
  await alice.open(`images/private?dialog=share&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Share 1 image", "共享 1 个镜像") });
  const box = dialog.getByRole("textbox", { name: say("Tenant ids", "租户 ID") });
  await box.fill(`${B}，${C};${A} ${"e".repeat(32)}\n`);
  await expect(dialog.getByRole("listitem").filter({ hasText: "project-b" })).toBeVisible();
  await expect(dialog.getByRole("listitem").filter({ hasText: "project-c" })).toBeVisible();
  await expect(dialog.getByRole("button", { name: say("Remove them", "移除"), exact: true })).toBeVisible();
  expect(asked).toEqual(["/api/v1/shares"]);
});

test("t_031_the_list_is_exported_as_csv_and_xlsx", async ({ alice, say }) => {
  await alice.image('=HYPERLINK("http://evil.example","a,b")', { tags: ["env:prod"] });
  const shared = await alice.image("shared");
  await alice.share([shared], [B]);
  const { images } = await alice.call<{ images: Row[] }>("GET", "/images?view=owned");
  const page = await alice.open("images/private");
  await expect(page.getByRole("rowheader")).toHaveCount(2);
  const save = async (english: string, chinese: string) => {
    await page.getByRole("button", { name: say("Export", "导出") }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: say(english, chinese) }).click(),
    ]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  };
  const heads = [
    [say("Name", "名称"), ({ name }: Row) => name],
    [say("Id", "ID"), ({ id }: Row) => id],
    [say("Status", "状态"), ({ status }: Row) => status],
    [say("OS", "操作系统"), () => "–"],
    [say("Type", "类型"), ({ kind }: Row) => kind],
    [say("Created", "创建时间"), ({ created_at }: Row) => created_at],
    [say("Disk (GB)", "磁盘 (GB)"), ({ disk_capacity_gib }: Row) => String(disk_capacity_gib)],
    [say("Shared with", "已共享给"), ({ shares }: Row) => String(shares)],
    [say("Size", "大小"), ({ size_bytes }: Row) => String(size_bytes)],
    [say("Encrypted", "加密"), ({ encryption }: Row) => encryption],
  ] as const;
  const check = ([head = [], ...rows]: string[][], name: (text: string) => string) => {
    expect(rows).toHaveLength(images.length);
    for (const [title, of] of heads) {
      const column = head.indexOf(title);
      expect(column, title).toBeGreaterThanOrEqual(0);
      const cells = rows.map((row) => row[column]);
      expect(cells, title).toEqual(
        images.map((image) => (title === heads[0][0] ? name(of(image)) : of(image))),
      );
    }
  };
  const csv = await save("All that match (CSV)", "全部匹配项（CSV）");
  expect(csv.name).toBe("images-private.csv");
  // A spreadsheet that reads text takes what begins so for a formula.
  check(parseCsv(csv.bytes.toString("utf8")), (text) => text.replace(/^=/, "'="));
  const xlsx = await save("All that match (XLSX)", "全部匹配项（XLSX）");
  expect(xlsx.name).toBe("images-private.xlsx");
  check(parseXlsx(xlsx.bytes), (text) => text);
});

interface Row {
  id: string;
  name: string;
  status: string;
  kind: string;
  created_at: string;
  disk_capacity_gib: number;
  shares: number;
  size_bytes: number;
  encryption: string;
}

function parseCsv(text: string): string[][] {
  const lines = text.replace("\uFEFF", "").trimEnd().split("\r\n");
  const cells = (line: string) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].map(([, cell = ""]) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    );
  return lines.map((line) => cells(line));
}

function parseXlsx(bytes: Buffer): string[][] {
  const sheet = strFromU8(unzipSync(bytes)["xl/worksheets/sheet1.xml"] ?? new Uint8Array());
  expect(sheet).not.toContain("<f");
  const plain = (text: string) =>
    text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return [...sheet.matchAll(/<row [^>]*>(.*?)<\/row>/g)].map(([, row = ""]) => {
    const cells: string[] = [];
    for (const [, column = "", value = ""] of row.matchAll(/<c r="([A-Z]+)\d+"[^>]*>(.*?)<\/c>/g)) {
      cells[column.charCodeAt(0) - 65] = plain(value.replace(/<[^>]*>/g, ""));
    }
    return cells;
  });
}

test("t_049_an_event_shows_what_a_field_was_and_is", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  await alice.call("PATCH", `/images/${image}`, { name: "erp-platinum", protected: true });
  const page = await alice.open(`audit?q=${encodeURIComponent("verb=image.update")}`);
  await page.getByRole("rowheader").first().getByRole("button").click();
  const changes = page.getByRole("table", { name: say("What changed", "变更内容") });
  await expect(changes.getByRole("row", { name: /^name/ })).toContainText("erp-golden");
  await expect(changes.getByRole("row", { name: /^name/ })).toContainText("erp-platinum");
  await expect(changes.getByRole("row", { name: /^protected/ })).toContainText("true");
});

test("ui_07_help_takes_feedback_that_the_operator_reads", async ({ alice, as, say }) => {
  const page = await alice.open("images/private");
  await page
    .getByRole("button", { name: say("Help", "帮助"), exact: true })
    .first()
    .click();
  const ask = page.getByRole("region", { name: say("Was this helpful?", "此内容有帮助吗？") });
  await ask.getByRole("button", { name: say("No", "没有帮助") }).click();
  await ask.getByRole("textbox").fill("Where do I find my id?");
  await ask.getByRole("button", { name: say("Send", "提交") }).click();
  await expect(ask.getByText(say("Thank you.", "谢谢"))).toBeVisible();
  const admin: Person = await as("admin");
  const list = await admin.openAt("operator/feedback");
  const row = list.getByRole("row", { name: /images\/private/ });
  await expect(row).toContainText("Where do I find my id?");
  await expect(row).toContainText("alice");
});

test("t_005_the_operator_orders_public_images_that_are_grouped_by_system", async ({ as, bob, say }) => {
  const admin = await as("admin");
  const publish = async (name: string, system: string) => {
    const id = await admin.image(name, { properties: { os_distro: system } });
    await admin.call("PATCH", `/images/${id}`, { visibility: "public" });
  };
  await publish("debian-13", "debian");
  await publish("ubuntu-24", "ubuntu");
  await publish("ubuntu-26", "ubuntu");
  const page = await admin.openAt("operator/public-images");
  const names = (of: typeof page) => of.getByRole("rowheader").allInnerTexts();
  await expect.poll(() => names(page)).toEqual(["debian-13", "ubuntu-24", "ubuntu-26"]);
  await page
    .getByRole("row", { name: /ubuntu-26/ })
    .getByRole("button", { name: /ubuntu-26/ })
    .click();
  await page.getByRole("menuitem", { name: say("Order…", "排序…") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("1");
  await dialog.getByRole("button", { name: say("Save", "保存") }).click();
  await expect.poll(() => names(page)).toEqual(["ubuntu-26", "debian-13", "ubuntu-24"]);

  const list = await bob.open("images/public", B);
  await expect.poll(() => names(list)).toEqual(["ubuntu-26", "debian-13", "ubuntu-24"]);
  const tiles = list.getByRole("group", { name: say("Operating systems", "操作系统") });
  await expect(tiles.getByRole("button", { name: /Ubuntu/ })).toContainText("2");
  await tiles.getByRole("button", { name: /Debian/ }).click();
  await expect.poll(() => names(list)).toEqual(["debian-13"]);
});

test("t_002_drivers_formats_and_limits_are_told", async ({ alice, say }) => {
  const page = await alice.openAt("about");
  await expect(page.getByRole("heading", { name: say("What this cloud has", "平台能力") })).toBeVisible();
  await expect(page.getByText("sqlite", { exact: true })).toBeVisible();
  await expect(page.getByText(/qcow2/).first()).toBeVisible();
});

test("xc_03_an_upload_is_cancelled_from_another_browser_with_its_image", async ({ alice, as, say }) => {
  const { id } = await alice.call<{ id: string }>("POST", "/images", {
    name: "half-way",
    disk_format: "raw",
    container_format: "bare",
  });
  const value = (text: string) => Buffer.from(text).toString("base64");
  const about = { image: id, filename: "half.raw", image_is_new: "true" };
  const metadata = Object.entries(about).map(([name, text]) => `${name} ${value(text)}`);
  const begun = await alice.context.request.post(`${alice.server.url}/api/v1/uploads`, {
    headers: {
      Origin: alice.server.url,
      "Tus-Resumable": "1.0.0",
      "Upload-Length": "1000",
      "Upload-Metadata": metadata.join(","),
    },
  });
  expect(begun.status()).toBe(201);
  const elsewhere = await as("alice");
  const page = await elsewhere.open("uploads");
  await page
    .getByRole("button", { name: /half/ })
    .filter({ hasText: say("Cancel", "取消") })
    .click();
  await page.getByRole("button", { name: say("Cancel the upload", "取消上传") }).click();
  await expect.poll(async () => (await alice.ask("GET", `/images/${id}`)).status()).toBe(404);
});

test("xc_04_the_bytes_of_an_image_are_read_again_when_somebody_wants", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/${image}/inspection`);
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "0", exact: true }) });
  await expect(row).toBeVisible();
  await page.getByRole("button", { name: say("Check now", "立即检查") }).click();
  await expect(row).toContainText(say("As it came", "与接收时一致"));
  await expect(row.locator("time")).toBeVisible();
});
