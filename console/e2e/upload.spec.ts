import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as ask, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { A, expect, test } from "./support/fixtures";

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
    const network = await alice.context.newCDPSession(page);
    const pace = (bytesPerSecond: number) =>
      network.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: bytesPerSecond,
      });
    await network.send("Network.enable");
    await alice.open("images/new");
    await page.getByTestId("image-file").setInputFiles(file);
    const next = page.getByRole("button", { name: say("Next", "下一步"), exact: true });
    await expect(page.getByRole("status").filter({ hasText: "golden.raw" })).toBeVisible();
    await next.click();
    await page.getByRole("textbox", { name: say("Name", "名称"), exact: true }).fill("golden");
    await next.click();
    await next.click();
    await pace(12 * MIB);
    await page
      .getByRole("button", { name: say("Create image", "创建镜像") })
      .last()
      .click();
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

/** A proxy that takes no request longer than this, as many are set up. */
async function shortProxy(port: number, longest: number): Promise<Server> {
  const proxy = createServer((asked, answer) => {
    if (Number(asked.headers["content-length"] ?? 0) > longest) {
      answer.writeHead(413, { connection: "close" }).end();
      return;
    }
    const { url, method, headers } = asked;
    const passed = ask({ port, host: "127.0.0.1", path: url, method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((ready) => proxy.listen(0, "127.0.0.1", ready));
  return proxy;
}

test("xc_03_an_upload_goes_in_parts_where_a_proxy_takes_no_long_requests", { tag: "@once" }, async ({
  alice,
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
    await page.goto(
      `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/console/r/r1/p/${A}/images/new`,
    );
    await page
      .getByTestId("image-file")
      .setInputFiles({ name: "short.raw", mimeType: "application/octet-stream", buffer: bytes });
    const next = page.getByRole("button", { name: "Next", exact: true });
    await expect(page.getByRole("status").filter({ hasText: "short.raw" })).toBeVisible();
    await next.click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("short");
    await next.click();
    await next.click();
    await page.getByRole("button", { name: "Create image" }).last().click();
    await expect(page.getByText("“short” is ready").first()).toBeVisible({ timeout: 60_000 });
    expect(new Set(offsets).size, "more than one part arrived").toBeGreaterThan(2);
    const { images } = await alice.call<{ images: { id: string }[] }>("GET", "/images?name=short");
    const image = await alice.call<{ digest: { value: string } }>("GET", `/images/${images[0]?.id}`);
    expect(image.digest.value).toBe(createHash("sha512").update(bytes).digest("hex"));
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});
