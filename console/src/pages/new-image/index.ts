import type { PageDef } from "../registry";

export const newImage: PageDef[] = [
  { scope: "project", path: "images/new", load: () => import("./NewImage") },
];
