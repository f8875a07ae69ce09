import { defineConfig } from "@playwright/test";
import tests from "../playwright.config";

/** Figures, not tests: one after the other, once, in one language. */
export default defineConfig({
  ...tests,
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../test-results/bench",
  retries: 0,
  workers: 1,
  timeout: 1_800_000,
  reporter: [["./figures.ts"]],
  projects: [{ name: "bench", use: { locale: "en-GB", colorScheme: "light" } }],
});
