import type { PageDef } from "../registry";

export const overview: PageDef[] = [{ scope: "project", path: "overview", load: () => import("./Overview") }];
