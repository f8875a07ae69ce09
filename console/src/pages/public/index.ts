import type { PageDef } from "../registry";

export const publicImages: PageDef[] = [
  { scope: "project", path: "images/public", load: () => import("./PublicImages") },
];
