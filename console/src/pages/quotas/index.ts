import type { PageDef } from "../registry";

export const quotas: PageDef[] = [{ scope: "project", path: "quotas", load: () => import("./QuotasPage") }];
