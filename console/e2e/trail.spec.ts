import { B, expect, test } from "./support/fixtures";

test("the_trail_names_images_and_leads_to_them", async ({ alice, say }) => {
  const image = await alice.image("erp-golden");
  const gone = await alice.image("was-here");
  await alice.share([image], [B]);
  await alice.call("DELETE", `/images/${gone}`);
  const page = await alice.open("audit");
  const invited = page.getByRole("row").filter({ hasText: say("Share image", "共享镜像") });
  await expect(invited.getByRole("link", { name: "erp-golden" })).toBeVisible();
  const deleted = page.getByRole("row").filter({ hasText: say("Delete image", "删除镜像") });
  await expect(deleted.getByTitle(gone), "what is gone has its id").toBeVisible();
  await invited.getByRole("link", { name: "erp-golden" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "erp-golden" })).toBeVisible();
});

test("the_health_of_parts_is_told_in_the_language_of_the_reader", async ({ as, say }) => {
  const admin = await as("admin");
  const page = await admin.openAt("operator/health");
  const part = (name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
  await expect(part(say("Database", "数据库"))).toContainText(say("schema", "数据库结构版本"));
  await expect(part(say("Image store", "镜像存储")).first()).toContainText(say("free", "剩余"));
  await expect(part(say("Audit trail", "审计"))).toContainText(
    say("every event is sealed", "全部事件已封存"),
  );
});
