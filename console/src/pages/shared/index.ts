import type { PageDef } from "../registry";

export const sharedImages: PageDef[] = [
  { scope: "project", path: "images/shared", load: () => import("./SharedImages") },
  {
    scope: "project",
    path: "images/shared/pending",
    load: () => import("./Offers").then(({ Pending }) => ({ default: Pending })),
  },
  {
    scope: "project",
    path: "images/shared/rejected",
    load: () => import("./Offers").then(({ Rejected }) => ({ default: Rejected })),
  },
];
