import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { B, C, expect, type Person, test } from "./support/fixtures";
import { fullServer } from "./support/places";
import { nameAndCreate } from "./support/wizard";

/** Sets a rule for everybody, as the operator. */
const rule = async (as: (name: "admin") => Promise<Person>, key: string, value: unknown) =>
  (await as("admin")).call("PUT", `/policies/${key}`, { value });

test("sh_37_the_notice_precedes_and_the_tick_is_asked_for_where_the_policy_says", async ({
  alice,
  as,
  say,
}) => {
  await rule(as, "share.require_ack", true);
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/private?dialog=share&ids=${image}&to=${B}`);
  const dialog = page.getByRole("dialog");
  await expect(
    dialog.getByText(say("Whoever accepts can start servers from this image", "接受者可以用此镜像创建主机")),
  ).toBeVisible();
  const submit = dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") });
  await expect(submit).toHaveAttribute("aria-disabled", "true");
  await submit.focus();
  await expect(submit).toHaveAccessibleDescription(
    say("Confirm that you have checked the content.", "请确认已检查镜像内容。"),
  );
  await dialog.getByRole("checkbox", { name: say("I have checked the content", "我已检查镜像内容") }).check();
  await submit.click();
  await expect(dialog).toBeHidden();
  expect(await alice.stateOf(image, B)).toBe("pending");
});

test.describe("where unanswered offers take a slot", () => {
  test.use({ profile: "ctyun" });

  test("sh_11_sh_15_more_tenants_than_an_image_has_slots_for_are_said_at_the_box", async ({
    alice,
    as,
    say,
  }) => {
    const image = await alice.image("erp-golden");
    await rule(as, "share.max_tenants.system", 1);
    const page = await alice.open(`images/private?dialog=share&ids=${image}&to=${B},${C}`);
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("cell", { name: say("1 (0 used)", "1（已用 0）") })).toBeVisible();
    const why = say(
      "“erp-golden” has 1 tenant slots left; you chose 2.",
      "“erp-golden”还可共享给 1 个租户，已选 2 个。",
    );
    await expect(dialog.getByText(why).first()).toBeVisible();
    const submit = dialog.getByRole("button", { name: say("Share", "共享") }).last();
    await submit.focus();
    await expect(submit).toHaveAccessibleDescription(why);
    await dialog.getByRole("button", { name: say(`Remove ${C}`, `移除 ${C}`) }).click();
    await dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") }).click();
    await expect(dialog).toBeHidden();
    expect(await alice.stateOf(image, B)).toBe("pending");

    // None is left: the server says so of each id.
    await alice.open(`images/private?dialog=share&ids=${image}&to=${C}`);
    await expect(
      dialog.getByText(say("All 1 tenant slots of image", "的 1 个租户配额已用完")).first(),
    ).toBeVisible();
    expect(await alice.stateOf(image, C)).toBeUndefined();
  });
});

test("sh_16_more_images_than_the_project_may_share_are_refused_with_the_numbers", async ({
  alice,
  as,
  say,
}) => {
  const first = await alice.image("erp-golden");
  const second = await alice.image("web-base");
  await alice.share([first], [C]);
  const page = await alice.open(`images/private?dialog=share&ids=${second}&to=${B}`);
  const dialog = page.getByRole("dialog");
  const submit = dialog.getByRole("button", { name: say("Share with 1 tenant", "共享给 1 个租户") });
  await expect(submit).toBeEnabled();
  // The rule changes under the dialog: what was good when it was typed is judged again by the server.
  await rule(as, "share.max_shared_images", 1);
  await submit.click();
  await expect(dialog.getByText(say("What was refused is left here.", "以下为被拒绝的项目。"))).toBeVisible();
  await expect(dialog.getByText(/1.*1/).first()).toBeVisible();
  expect(await alice.stateOf(second, B)).toBeUndefined();
});

test("t_030_a_record_is_changed_and_each_field_says_what_it_takes", async ({ alice, as, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/private?dialog=modify&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Modify erp-golden", "修改“erp-golden”") });
  const field = (english: string, chinese: string) =>
    dialog
      .getByRole("textbox", { name: say(english, chinese), exact: true })
      .or(dialog.getByRole("spinbutton", { name: say(english, chinese), exact: true }));
  const save = dialog.getByRole("button", { name: say("Save", "保存") });
  await expect(save).toHaveAttribute("aria-disabled", "true");

  await field("Description", "描述").fill("<b>");
  await expect(
    dialog
      .getByText(
        say(
          "At most 1024 characters, without < > or line breaks.",
          "不超过 1024 个字符，不能含 < > 或换行。",
        ),
      )
      .first(),
  ).toBeVisible();
  await field("Description", "描述").fill("ERP 12");
  await field("Min memory (MB)", "最小内存(MB)").fill("2048");
  await field("Max memory (MB)", "最大内存 (MB)").fill("1024");
  await expect(
    dialog
      .getByText(
        say("Maximum memory must be 0 or at least the minimum.", "最大内存须为 0 或不小于最小内存。"),
      )
      .first(),
  ).toBeVisible();
  await expect(save).toHaveAttribute("aria-disabled", "true");
  await field("Max memory (MB)", "最大内存 (MB)").fill("4096");

  // What the page cannot know is said by the server, at the same field.
  await rule(as, "image.name_max", 12);
  await field("Name", "名称").fill("a-name-that-is-longer");
  await save.click();
  await expect(field("Name", "名称")).toHaveAccessibleDescription(/12/);
  await field("Name", "名称").fill("erp-12");
  await save.click();
  await expect(dialog).toBeHidden();
  const now = await alice.call<{ name: string; min_ram_mib: number; properties: Record<string, string> }>(
    "GET",
    `/images/${image}`,
  );
  expect(now).toMatchObject({ name: "erp-12", min_ram_mib: 2048, properties: { description: "ERP 12" } });
});

test("t_119_files_that_are_no_disks_are_refused_before_a_byte_is_sent", async ({ alice, say }) => {
  const folder = mkdtempSync(join(tmpdir(), "lendglass-files-"));
  try {
    const sent: string[] = [];
    alice.page.on("request", (request) => {
      if (
        /\/api\/v1\/(uploads|images\b.*file)/.test(request.url()) &&
        ["POST", "PUT", "PATCH"].includes(request.method())
      )
        sent.push(`${request.method()} ${request.url()}`);
    });
    const page = await alice.open("images/new");
    const choose = page.getByTestId("image-file");
    await choose.setInputFiles({
      name: "notes.gz",
      mimeType: "application/gzip",
      buffer: Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(2048, 7)]),
    });
    await expect(
      page.getByText(
        say("notes.gz is not a disk image we know (found: gzip).", "无法识别 notes.gz（检测为 gzip）。"),
      ),
    ).toBeVisible();
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", join(folder, "base.qcow2"), "1M"]);
    execFileSync("qemu-img", [
      "create",
      "-q",
      "-f",
      "qcow2",
      "-b",
      "base.qcow2",
      "-F",
      "qcow2",
      join(folder, "overlay.qcow2"),
    ]);
    await choose.setInputFiles(join(folder, "overlay.qcow2"));
    await expect(
      page.getByText(
        say(
          "It refers to another file (base.qcow2); flatten it first.",
          "该文件引用了 base.qcow2，请先合并。",
        ),
      ),
    ).toBeVisible();
    await page.getByRole("button", { name: say("Next", "下一步"), exact: true }).click();
    await expect(page.getByTestId("image-file")).toBeAttached();
    expect(sent).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a_file_with_another_hash_than_expected_is_not_kept", async ({ alice, say }) => {
  const bytes = Buffer.alloc(64 * 1024, "golden");
  bytes.writeUInt16LE(0xaa55, 510);
  const got = createHash("sha256").update(bytes).digest("hex");
  const page = await alice.open("images/new");
  await page
    .getByTestId("image-file")
    .setInputFiles({ name: "golden.raw", mimeType: "application/octet-stream", buffer: bytes });
  const expected = page.getByRole("textbox", { name: say("Expected sha256", "预期 sha256") });
  const next = page.getByRole("button", { name: say("Next", "下一步"), exact: true });
  await expected.fill("abc");
  await next.click();
  await expect(expected).toHaveAccessibleDescription(
    new RegExp(say("A sha256 has 64 hexadecimal digits.", "sha256 为 64 位十六进制数字。")),
  );
  await expected.fill("0".repeat(64));
  await next.click();
  await nameAndCreate(page, say, "golden");
  await expect(page.getByText(got).first()).toBeVisible();
  const { images } = await alice.call<{ images: { name: string; status: string }[] }>("GET", "/images");
  for (const image of images) expect(image.status).not.toBe("active");
});

test("tags_keep_to_their_lengths_and_are_put_on_and_taken_off", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  const page = await alice.open(`images/private?dialog=tags&ids=${image}`);
  const dialog = page.getByRole("dialog", { name: say("Tags of erp-golden", "“erp-golden”的标签") });
  const key = dialog.getByRole("combobox", { name: say("Key", "键") });
  const add = dialog.getByRole("button", { name: say("Add tag", "添加标签") });
  await key.fill("k".repeat(37));
  await key.press("Escape");
  await add.click();
  await expect(dialog.getByText(/36/)).toBeVisible();
  await key.fill("env");
  await key.press("Escape");
  await dialog.getByRole("combobox", { name: say("Value", "值") }).fill("prod");
  await dialog.getByRole("combobox", { name: say("Value", "值") }).press("Escape");
  await add.click();
  const off = dialog.getByRole("button", { name: say("Remove the tag env=prod", "移除标签 env=prod") });
  await expect(off).toBeVisible();
  const tags = async () => (await alice.call<{ tags: string[] }>("GET", `/images/${image}`)).tags;
  expect(await tags()).toEqual(["env=prod"]);
  await off.click();
  await expect(off).toBeHidden();
  expect(await tags()).toEqual([]);
});

test("fs_02_only_vaults_for_servers_are_offered_and_the_others_are_counted", async ({ alice, bob, say }) => {
  const { image } = await fullServer(alice, "erp-full", { gib: 1, vault: 10 });
  await alice.share([image], [B]);
  const vault = (name: string, more: Record<string, string>) =>
    bob.call("POST", "/vaults", { name, capacity_gib: 100, ...more }, B);
  await vault("for-disks", { object_type: "disk" });
  await vault("for-copies", { protection: "replication" });
  const page = await bob.open(`images/shared/pending?dialog=accept&ids=${image}`, B);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText(say("2 vaults are left out", "2 个存储库未列出"))).toBeVisible();
  await expect(dialog.getByRole("radio")).toHaveCount(1);
  const accept = dialog.getByRole("button", { name: say("Accept", "接受") });
  await accept.focus();
  await expect(accept).toHaveAccessibleDescription(
    say("Choose a vault with at least 1 GB free", "请选择至少剩余 1 GB 的存储库"),
  );
  await expect(page.getByText("for-disks")).toHaveCount(0);
});
