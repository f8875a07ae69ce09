import { defineConfig } from "@playwright/test";
import type { Options } from "./e2e/support/fixtures";

const CI = Boolean(process.env.CI);
// Debian's browser; what the runner would download is not needed.
const BROWSER = process.env.LENDGLASS_BROWSER ?? "/usr/bin/chromium";

export default defineConfig<Options>({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  forbidOnly: CI,
  // A machine that stalls is no fault of the console; what passes on a later try is told as flaky.
  retries: 2,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    screenshot: "only-on-failure",
    trace: "off",
    launchOptions: {
      executablePath: BROWSER,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  // Everything in both languages and both themes; what depends on neither runs once.
  projects: [
    { name: "en", use: { locale: "en-GB", colorScheme: "light", isChinese: false } },
    { name: "zh", use: { locale: "zh-CN", colorScheme: "dark", isChinese: true }, grepInvert: /@once/ },
  ],
});
