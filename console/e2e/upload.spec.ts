import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { A, expect, test } from "./support/fixtures";
import { end, holdingProxy, portOf, shortProxy } from "./support/proxy";
import { uploadPace } from "./support/traffic";
import { uploadByWizard } from "./support/wizard";

const MIB = 1024 * 1024;
const SIZE = 96 * MIB;

const sha512 = async (file: string) => {
  const hash = createHash("sha512");
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest("hex");
};

test("uxt_06_xc_03_an_upload_goes_on_after_a_reload", async ({ alice, say }) => {
  test.setTimeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "lendglass-upload-"));
  try {
    const file = join(folder, "golden.raw");
    const bytes = Buffer.alloc(SIZE);
    for (let at = 0; at < SIZE; at += 4096) bytes.writeUInt32LE(at, at);
    bytes.writeUInt16LE(0xaa55, 510);
    writeFileSync(file, bytes);

    const { page } = alice;
    // Slow enough to be met half way.
    const pace = await uploadPace(page);
    await alice.open("images/new");
    await pace(12 * MIB);
    await uploadByWizard(page, say, file, "golden");
    const begun = async () => {
      const { uploads } = await alice.call<{ uploads: { offset: number; image: string }[] }>(
        "GET",
        "/uploads",
      );
      return uploads[0];
    };
    await expect
      .poll(async () => (await begun())?.offset ?? 0, { intervals: [100] })
      .toBeGreaterThan(SIZE * 0.4);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    const kept = await begun();
    expect(kept?.offset).toBeGreaterThan(SIZE * 0.4);
    await alice.open("uploads");
    await pace(-1);
    const sent: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") sent.push(Number(request.headers()["upload-offset"]));
    });
    const row = page.getByRole("region", { name: say("Upload of golden", "上传 golden") }).first();
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      row.getByRole("button", { name: say("Choose", "选择") }).click(),
    ]);
    await chooser.setFiles(file);
    await expect
      .poll(async () => (await alice.call<{ status: string }>("GET", `/images/${kept?.image}`)).status, {
        timeout: 60_000,
      })
      .toBe("active");
    expect(sent[0], "goes on where it stopped").toBeGreaterThan(SIZE * 0.4);
    const image = await alice.call<{ digest: { algo: string; value: string } }>(
      "GET",
      `/images/${kept?.image}`,
    );
    expect(image.digest).toEqual({ algo: "sha512", value: await sha512(file) });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("xc_03_an_upload_goes_in_parts_where_a_proxy_takes_no_long_requests", { tag: "@once" }, async ({
  alice,
  say,
}) => {
  const proxy = await shortProxy(alice.server.port, 8 * MIB);
  try {
    const { page } = alice;
    const bytes = Buffer.alloc(20 * MIB);
    for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at);
    const offsets: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    });
    await page.goto(`http://127.0.0.1:${portOf(proxy)}/console/r/r1/p/${A}/images/new`);
    const file = { name: "short.raw", mimeType: "application/octet-stream", buffer: bytes };
    await uploadByWizard(page, say, file, "short");
    await expect(page.getByText("“short” is ready").first()).toBeVisible({ timeout: 60_000 });
    expect(new Set(offsets).size, "more than one part arrived").toBeGreaterThan(2);
    const { images } = await alice.call<{ images: { id: string }[] }>("GET", "/images?name=short");
    const image = await alice.call<{ digest: { value: string } }>("GET", `/images/${images[0]?.id}`);
    expect(image.digest.value).toBe(createHash("sha512").update(bytes).digest("hex"));
    await page.locator(".lg-toast").getByRole("link", { name: "Open image" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "short" })).toBeVisible();
  } finally {
    end(proxy);
  }
});

test("xc_03_an_upload_goes_in_parts_where_a_proxy_keeps_requests_until_they_are_whole", {
  tag: "@once",
}, async ({ alice, say }) => {
  test.setTimeout(240_000);
  const part = 256 * MIB;
  const size = part + 24 * MIB;
  const folder = mkdtempSync(join(tmpdir(), "lendglass-upload-"));
  const { proxy, seen } = await holdingProxy(alice.server.port, part + 8 * MIB);
  try {
    const file = join(folder, "large.raw");
    const handle = openSync(file, "w");
    for (let at = 0; at < size; at += 8 * MIB) writeSync(handle, `piece ${at}`, at);
    ftruncateSync(handle, size);
    closeSync(handle);
    const { page } = alice;
    await page.goto(`http://127.0.0.1:${portOf(proxy)}/console/r/r1/p/${A}/images/new`);
    await uploadByWizard(page, say, file, "large");
    await expect(page.getByText("“large” is ready").first()).toBeVisible({ timeout: 180_000 });
    const { images } = await alice.call<{ images: { id: string }[] }>("GET", "/images?name=large");
    const image = await alice.call<{ digest: { value: string } }>("GET", `/images/${images[0]?.id}`);
    expect(image.digest.value).toBe(await sha512(file));
    expect(seen.filter(({ method }) => method === "PATCH")).toEqual([
      { method: "PATCH", offset: 0, length: size, isPassedOn: false },
      { method: "PATCH", offset: 0, length: part, isPassedOn: true },
      { method: "PATCH", offset: part, length: size - part, isPassedOn: true },
    ]);
  } finally {
    end(proxy);
    rmSync(folder, { recursive: true });
  }
});

test("xc_03_a_file_that_was_changed_in_a_pause_is_never_mixed_in_silently", async ({ alice, say }) => {
  test.setTimeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "lendglass-upload-"));
  try {
    const file = join(folder, "golden.raw");
    const bytes = Buffer.alloc(SIZE, "before ");
    writeFileSync(file, bytes);
    const hourAgo = Date.now() / 1_000 - 3_600;
    utimesSync(file, hourAgo, hourAgo);

    const { page } = alice;
    const pace = await uploadPace(page);
    await alice.open("images/new");
    await pace(12 * MIB);
    await uploadByWizard(page, say, file, "golden");
    const kept = async () =>
      (await alice.call<{ uploads: { offset: number; image: string }[] }>("GET", "/uploads")).uploads[0];
    await expect
      .poll(async () => (await kept())?.offset ?? 0, { intervals: [100] })
      .toBeGreaterThan(SIZE * 0.2);
    const row = page.getByRole("region", { name: say("Upload of golden", "上传 golden") }).first();
    await row.getByRole("button", { name: say("Pause", "暂停") }).click();
    const resume = row.getByRole("button", { name: say("Resume", "继续"), exact: true });
    await expect(resume).toBeVisible();
    await pace(-1);

    // In the middle: the ends, the size and the name are as before.
    bytes.write("after", SIZE / 2);
    writeFileSync(file, bytes);
    const sent: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") sent.push(Number(request.headers()["upload-offset"]));
    });
    await resume.click();
    await expect(
      row.getByText(say("The file was changed, moved or deleted", "文件在选择之后被修改、移动或删除")),
    ).toBeVisible();
    expect(sent, "nothing of the new file follows the old one").toEqual([]);

    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      row.getByRole("button", { name: say("Choose", "选择") }).click(),
    ]);
    await chooser.setFiles(file);
    await expect(row.getByText(say("This file has another date", "此文件的修改时间"))).toBeVisible();
    expect(sent).toEqual([]);
    await row.getByRole("button", { name: say("Start over with this file", "用此文件重新上传") }).click();
    const named = async () =>
      (
        await alice.call<{ images: { status: string; digest: { value: string } | null }[] }>(
          "GET",
          "/images?name=golden",
        )
      ).images;
    await expect.poll(async () => (await named())[0]?.status, { timeout: 60_000 }).toBe("active");
    expect(sent[0]).toBe(0);
    const done = await named();
    expect(done).toHaveLength(1);
    expect(done[0]?.digest?.value).toBe(await sha512(file));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
