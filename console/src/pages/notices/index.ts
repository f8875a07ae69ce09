import type { PageDef } from "../registry";

export const notices: PageDef[] = [
  { scope: "project", path: "notices", load: () => import("./NoticesPage") },
];
