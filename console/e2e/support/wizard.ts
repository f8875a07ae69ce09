import { expect, type Page } from "@playwright/test";

type Say = (english: string, chinese: string) => string;

/** Goes through the wizard with a file, and begins its upload. */
export async function uploadByWizard(
  page: Page,
  say: Say,
  file: Parameters<ReturnType<Page["getByTestId"]>["setInputFiles"]>[0] & (string | { name: string }),
  name: string,
) {
  await page.getByTestId("image-file").setInputFiles(file);
  const next = page.getByRole("button", { name: say("Next", "下一步"), exact: true });
  const filename = typeof file === "string" ? file.replace(/.*\//, "") : file.name;
  await expect(page.getByRole("status").filter({ hasText: filename })).toBeVisible();
  await next.click();
  await nameAndCreate(page, say, name);
}

/** The rest of the wizard, from its second step on. */
export async function nameAndCreate(page: Page, say: Say, name: string) {
  const next = page.getByRole("button", { name: say("Next", "下一步"), exact: true });
  await page.getByRole("textbox", { name: say("Name", "名称"), exact: true }).fill(name);
  await next.click();
  await next.click();
  await page
    .getByRole("button", { name: say("Create image", "创建镜像") })
    .last()
    .click();
}
