import type { Plugin } from "vite";

const PARSER = "@formatjs/icu-messageformat-parser";

/** What the design system's modules import and the console never runs, or not at first. */
const REPLACED: { module: string; found: string; by: string }[] = [
  // Two more layouts: the one of AWS' own console, behind a flag, and the one of a theme of the past.
  {
    module: "/app-layout/internal.js",
    found: "import ClassicAppLayout from './classic';",
    by: "const ClassicAppLayout = () => null;",
  },
  {
    module: "/app-layout/internal.js",
    found: "import ToolbarAppLayout from './visual-refresh-toolbar';",
    by: "const ToolbarAppLayout = () => null;",
  },
  // Dragging, for the order of columns: loaded when the preferences of a table are opened.
  {
    module: "/list/internal.js",
    found: "import SortableArea from '../internal/components/sortable-area';",
    by: `
      const LazySortableArea = React.lazy(() => import('../internal/components/sortable-area'));
      const SortableArea = (props) =>
        React.createElement(React.Suspense, { fallback: null }, React.createElement(LazySortableArea, props));
    `,
  },
];

/**
 * Leaves out of the first load what it does not need of the design system. A replacement that finds nothing
 * ends the build, so that a new version cannot bring the weight back unseen.
 */
export function lean(): Plugin {
  const waiting = new Set([PARSER, ...REPLACED.map(({ found }) => found)]);
  return {
    name: "lean",
    apply: "build",
    enforce: "pre",
    resolveId(source, importer) {
      if (source !== PARSER) return null;
      waiting.delete(PARSER);
      // The design system's messages come parsed.
      return this.resolve(`${PARSER}/lib/no-parser.js`, importer, { skipSelf: true });
    },
    transform(code, id) {
      let changed = code;
      for (const { module, found, by } of REPLACED) {
        if (!id.endsWith(`/@cloudscape-design/components${module}`) || !code.includes(found)) continue;
        waiting.delete(found);
        changed = changed.replace(found, by);
      }
      return changed === code ? null : { code: changed, map: null };
    },
    buildEnd(error) {
      if (!error && waiting.size) this.error(`vite/lean.ts finds no longer: ${[...waiting].join(" ")}`);
    },
  };
}
