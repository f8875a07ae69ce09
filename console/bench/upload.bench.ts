import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { A, expect, type Person, test } from "../e2e/support/fixtures";
import { median, tell } from "./figures";
import { browserCpu, canPart, parted } from "./processors";

const MIB = 1024 * 1024;
const BYTES = Number(process.env.BENCH_UPLOAD_MIB ?? 2048) * MIB;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);

/** A disk without holes, and without two equal blocks. */
function disk(file: string) {
  const handle = openSync(file, "w");
  const block = Buffer.alloc(4 * MIB);
  for (let at = 0; at < BYTES; at += block.length) {
    for (let word = 0; word < block.length; word += 4) block.writeUInt32LE((at + word * 2654435761) >>> 0, word);
    if (at === 0) block.writeUInt16LE(0xaa55, 510);
    writeSync(handle, block);
  }
  closeSync(handle);
}

const record = (alice: Person, name: string) =>
  alice.call<{ id: string }>("POST", "/images", { name, disk_format: "raw", container_format: "bare" });

/** Seconds that curl takes: into the file of an image, or as the browser sends it, by tus. */
async function byCurl(alice: Person, file: string, way: "file" | "tus"): Promise<number> {
  const { id } = await record(alice, "by-curl");
  const [cookie] = await alice.context.cookies(`${alice.server.url}/api/v1/session`);
  const api = `${alice.server.url}/api/v1`;
  const curl = (...words: string[]) =>
    execFileSync(
      "curl",
      [
        ...["--silent", "--fail", "--show-error", "--header", `Cookie: ${cookie?.name}=${cookie?.value}`],
        ...["--header", `Origin: ${alice.server.url}`, "--header", `X-Lendglass-Project: ${A}`],
        ...["--header", "Tus-Resumable: 1.0.0", ...words],
      ],
      { encoding: "utf8" },
    );
  const begun = performance.now();
  if (way === "file") {
    curl("--upload-file", file, "--header", "Content-Type: application/octet-stream", `${api}/images/${id}/file`);
  } else {
    const metadata = `image ${Buffer.from(id).toString("base64")}`;
    const upload = JSON.parse(
      curl(
        ...["--request", "POST", "--header", `Upload-Length: ${BYTES}`],
        ...["--header", `Upload-Metadata: ${metadata}`, `${api}/uploads`],
      ),
    ) as { id: string };
    curl(
      ...["--request", "PATCH", "--upload-file", file, "--header", "Upload-Offset: 0"],
      ...["--header", "Content-Type: application/offset+octet-stream", `${api}/uploads/${upload.id}`],
    );
  }
  const took = (performance.now() - begun) / 1_000;
  await alice.call("DELETE", `/images/${id}`);
  return took;
}

/** Seconds from the click to the image that is ready, of the clock and of the browser's processor time, and
 * the largest heap of the page meanwhile. */
async function byBrowser(alice: Person, file: string): Promise<{ took: number; cpu: number; heap: number }> {
  const page = await alice.open("images/new");
  const client = await alice.context.newCDPSession(page);
  await client.send("Performance.enable");
  let heap = 0;
  const sample = setInterval(() => {
    void client.send("Performance.getMetrics").then(({ metrics }) => {
      heap = Math.max(heap, metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0);
    });
  }, 250);
  await page.getByTestId("image-file").setInputFiles(file);
  const next = page.getByRole("button", { name: "Next", exact: true });
  await expect(page.getByRole("status").filter({ hasText: "disk.raw" })).toBeVisible();
  await next.click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("by-browser");
  await next.click();
  await next.click();
  const [begun, before] = [performance.now(), browserCpu()];
  await page.getByRole("button", { name: "Create image" }).last().click();
  await expect(page.getByText("“by-browser” is ready").first()).toBeVisible({ timeout: 900_000 });
  const took = (performance.now() - begun) / 1_000;
  const cpu = (browserCpu() - before) / 1_000;
  clearInterval(sample);
  const { images } = await alice.call<{ images: { id: string }[] }>("GET", "/images?name=by-browser");
  for (const { id } of images) await alice.call("DELETE", `/images/${id}`);
  return { took, cpu, heap };
}

/** What came out of the rounds of one way to divide the processors. */
class Figures {
  private readonly curl: number[] = [];
  private readonly tus: number[] = [];
  private readonly browser: number[] = [];
  private readonly heaps: number[] = [];
  private readonly cpus: number[] = [];

  constructor(private readonly how: string) {}

  async round(alice: Person, file: string) {
    this.curl.push(await byCurl(alice, file, "file"));
    this.tus.push(await byCurl(alice, file, "tus"));
    const { took, cpu, heap } = await byBrowser(alice, file);
    this.browser.push(took);
    this.heaps.push(heap);
    this.cpus.push(cpu);
  }

  tell() {
    const rate = (seconds: number) => `${(BYTES / MIB / seconds).toFixed(0)} MiB/s`;
    const each = (seconds: number) => `${((seconds * 1024 * MIB) / BYTES).toFixed(2)} s/GiB`;
    tell(`upload of ${BYTES / MIB} MiB by curl, ${this.how}`, rate(median(this.curl)));
    tell(`by curl, as the browser sends it, ${this.how}`, rate(median(this.tus)));
    tell(`by the browser, ${this.how}`, rate(median(this.browser)));
    tell(`processor time of the browser, ${this.how}`, each(median(this.cpus)));
    tell(`browser / curl, ${this.how}`, (median(this.curl) / median(this.browser)).toFixed(2), "0.8");
    tell(
      `largest heap of the page, ${this.how}`,
      `${(Math.max(...this.heaps) / MIB).toFixed(0)} MiB`,
      "100 MiB",
    );
  }
}

test("uploads", async ({ alice, server }) => {
  const folder = mkdtempSync(join(tmpdir(), "lendglass-bench-"));
  try {
    const file = join(folder, "disk.raw");
    disk(file);
    tell("load of the machine, of the last minute and before", loadavg().map((one) => one.toFixed(1)).join(" "));
    const shared = new Figures("sharing all processors");
    const apart = new Figures("a processor for each side");
    for (let round = 0; round < ROUNDS; round++) {
      await shared.round(alice, file);
      if (canPart) await parted(server.pid, () => apart.round(alice, file));
    }
    shared.tell();
    if (canPart) apart.tell();
    else tell("a processor for each side", "–", "there is one processor only");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
