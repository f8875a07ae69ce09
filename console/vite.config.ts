import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { compress } from "./vite/compress";
import { devSession } from "./vite/dev-session";
import { systemFonts } from "./vite/fonts";
import { lean } from "./vite/lean";

// The router's package names only its development build, whatever is built.
const router = resolve(import.meta.dirname, "node_modules/react-router/dist/production/index.mjs");

export default defineConfig(({ command }) => ({
  // Relative: the server writes the path prefix into <base href>.
  base: "./",
  esbuild: { jsx: "automatic" },
  resolve: {
    alias: {
      "~": resolve(import.meta.dirname, "src"),
      ...(command === "build" ? { "react-router": router } : {}),
    },
  },
  plugins: [systemFonts(), devSession(), lean(), compress()],
  // The release notes lie beside the console.
  server: { fs: { allow: [resolve(import.meta.dirname, "..")] } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    sourcemap: false,
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      onwarn: (warning, warn) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
      output: {
        // What every page needs stays cached when the console itself changes.
        manualChunks: (id) =>
          /node_modules\/(react|react-dom|scheduler|react-router|@tanstack)\//.test(id)
            ? "vendor"
            : undefined,
      },
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
}));
