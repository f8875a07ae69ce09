import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import type axe from "axe-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What says that something is still to come. */
export const WAITING =
  ".lg-page-loading, .lg-kept, [class*=awsui_spinner]:visible, [class*=awsui_skeleton-loading-cell]";

/** Until what the page is about is there. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
  await expect(page.locator(WAITING)).toHaveCount(0);
}

/** What axe finds serious or critical. */
export async function seriousFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run(
      // Handles of columns lie under the columns that stay in place, until the table is scrolled.
      { include: document, exclude: ["th button[aria-roledescription]"] },
      {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      },
    ),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes
        .slice(0, 3)
        .map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`),
    );
}

/** What does not fit the width of the screen, or lies under something else. */
export function misfits(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      const wide = [...document.querySelectorAll("main *, header *, [role=dialog] *")]
        .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1)
        .at(-1);
      faults.push(
        `scrolls sideways, ${root.scrollWidth} of ${root.clientWidth}: ${wide?.outerHTML.slice(0, 120)}`,
      );
    }
    const dialog = [...document.querySelectorAll("[role=dialog]")].at(-1);
    for (const one of (dialog ?? document).querySelectorAll<HTMLElement>(
      "button, a[href], input, textarea",
    )) {
      if (!one.checkVisibility({ opacityProperty: false, visibilityProperty: true })) continue;
      // Handles of columns lie under the columns that stay in place, until the table is scrolled.
      if (one.closest("[aria-hidden=true], th button[aria-roledescription]")) continue;
      one.scrollIntoView({ block: "center", inline: "center" });
      const { left, top, width, height } = one.getBoundingClientRect();
      if (width < 2 || height < 2) continue;
      const [x, y] = [left + width / 2, top + height / 2];
      if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) {
        faults.push(`out of reach: ${one.outerHTML.slice(0, 120)}`);
        continue;
      }
      const hit = document.elementFromPoint(x, y);
      const isOne = !hit || one.contains(hit) || hit.contains(one) || hit.closest("label")?.contains(one);
      const isBeside = hit && one.parentElement?.contains(hit) && getComputedStyle(one).opacity === "0";
      if (!isOne && !isBeside)
        faults.push(`covered: ${one.outerHTML.slice(0, 120)} by ${hit.outerHTML.slice(0, 120)}`);
    }
    scrollTo(0, 0);
    return faults;
  });
}
