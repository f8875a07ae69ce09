import type { PageDef } from "../registry";

export const uploadsPage: PageDef[] = [
  { scope: "project", path: "uploads", load: () => import("./UploadsPage") },
];
