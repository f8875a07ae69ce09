import type { PageDef } from "../registry";

export const jobs: PageDef[] = [
  { scope: "project", path: "jobs", load: () => import("./JobList") },
  { scope: "project", path: "jobs/:id", load: () => import("./JobPage") },
];
