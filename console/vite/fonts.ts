import type { Plugin } from "vite";

/** The fonts of the system: takes the design system's inlined web fonts and their name out of its styles. */
export function systemFonts(): Plugin {
  const system =
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
  return {
    name: "system-fonts",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("@cloudscape-design") || !/\.css(\?|$)/.test(id)) return null;
      return {
        code: code
          .replaceAll(/@font-face\s*\{[^}]*\}/g, "")
          .replaceAll(
            /["']Open Sans["'],\s*["']Helvetica Neue["'],\s*Roboto,\s*Arial,\s*sans-serif/g,
            system,
          ),
        map: null,
      };
    },
  };
}
