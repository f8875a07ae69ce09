import type { PageDef } from "../registry";

export const image: PageDef[] = [
  { scope: "project", path: "images/:id/:tab?", load: () => import("./ImagePage") },
];
