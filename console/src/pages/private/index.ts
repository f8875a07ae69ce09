import type { PageDef } from "../registry";

export const privateImages: PageDef[] = [
  { scope: "project", path: "images/private", load: () => import("./PrivateImages") },
];
