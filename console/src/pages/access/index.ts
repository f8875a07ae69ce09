import type { PageDef } from "../registry";

export const access: PageDef[] = [
  { scope: "project", path: "access/:tab?", load: () => import("./AccessPage") },
  { scope: "project", path: "access/policies/:id", load: () => import("./PolicyPage") },
];
