import { B, expect, type Person, test } from "./support/fixtures";
import { fullServer } from "./support/places";

/** A full server of 40 GB that alice offers to bob. */
async function offer(alice: Person) {
  const { image } = await fullServer(alice, "erp-full", { gib: 40, vault: 100 });
  await alice.share([image], [B]);
  return image;
}

test("uxt_03_fs_01_fs_03_fs_05_a_vault_too_small_then_one_made_in_the_dialog", async ({
  alice,
  bob,
  say,
}) => {
  const image = await offer(alice);
  await bob.call("POST", "/vaults", { name: "vault-old", capacity_gib: 10 }, B);
  const page = await bob.open("images/shared", B);
  await expect(page.getByText(say("(Full server, 40 GB)", "（整机，40 GB）"))).toBeVisible();
  await page.getByRole("button", { name: say("Accept all", "全部接受") }).click();
  const dialog = page.getByRole("dialog", { name: say("Accept full-server image", "接受整机镜像") });
  await expect(dialog.getByRole("row", { name: /erp-full/ })).toContainText("40");
  await dialog.getByRole("radio", { name: /vault-old/ }).check({ force: true });
  await expect(
    dialog.getByText(
      say("“vault-old” has 10 GB free; 40 GB are needed.", "“vault-old”剩余 10 GB，需要 40 GB。"),
    ),
  ).toBeVisible();
  const accept = dialog.getByRole("button", { name: say("Accept", "接受 1 个"), exact: true });
  await expect(accept).toHaveAttribute("aria-disabled", "true");
  await accept.focus();
  await expect(accept).toHaveAccessibleDescription(
    say("Choose a vault with at least 40 GB free", "请选择至少剩余 40 GB 的存储库"),
  );
  expect(await alice.stateOf(image, B)).toBe("pending");

  await dialog.getByRole("radio", { name: say("Create a vault…", "创建存储库…") }).check({ force: true });
  await dialog.getByRole("textbox", { name: say("Name", "名称") }).fill("vault-erp");
  await dialog.getByRole("spinbutton", { name: say("Size (GB)", "大小 (GB)") }).fill("50");
  await expect(
    dialog.getByText(say("After accepting: 10 GB free in vault-erp.", "接受后：vault-erp 剩余 10 GB。")),
  ).toBeVisible();
  await accept.click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => alice.stateOf(image, B)).toBe("accepted");
  await expect(page.getByRole("rowheader", { name: "erp-full" })).toBeVisible();
});

test("fs_04_others_of_the_selection_are_accepted_beside_it", async ({ alice, bob, say }) => {
  const full = await offer(alice);
  const plain = await alice.image("erp-golden");
  await alice.share([plain], [B]);
  await bob.call("POST", "/vaults", { name: "vault-b", capacity_gib: 100 }, B);
  const page = await bob.open("images/shared", B);
  await page.getByRole("button", { name: say("Accept all", "全部接受") }).click();
  const dialog = page.getByRole("dialog", { name: say("Accept 2 images", "接受 2 个镜像") });
  await expect(dialog.getByRole("radio", { name: /vault-b/ })).toBeChecked();
  await expect(
    dialog.getByText(
      say(
        "1 other image (erp-golden) needs no vault and is accepted too.",
        "另外 1 个镜像（erp-golden）不需要存储库，将一并接受。",
      ),
    ),
  ).toBeVisible();
  await dialog.getByRole("button", { name: say("Accept 2", "接受 2 个"), exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => alice.stateOf(full, B)).toBe("accepted");
  await expect.poll(() => alice.stateOf(plain, B)).toBe("accepted");
});

test("rc_12_an_offer_withdrawn_under_the_accept_dialog_is_told_there", async ({ alice, bob, say }) => {
  const image = await offer(alice);
  await bob.call("POST", "/vaults", { name: "vault-b", capacity_gib: 100 }, B);
  const page = await bob.open(`images/shared/pending?dialog=accept&ids=${image}`, B);
  const dialog = page.getByRole("dialog");
  const accept = dialog.getByRole("button", { name: say("Accept", "接受") });
  await expect(accept).toBeEnabled();
  await alice.call("DELETE", "/shares", { images: [image], recipients: [B] });
  // The dialog hears of it by itself, and stays to say so.
  await expect(accept).toBeDisabled();
  await accept.focus();
  await expect(accept).toHaveAccessibleDescription(say("Nothing is left to accept.", "没有可接受的镜像。"));
  await dialog.getByRole("button", { name: say("Cancel", "取消") }).click();
  await expect(page.getByText(say("No offer waits for an answer", "没有待接受的共享镜像"))).toBeVisible();
});
