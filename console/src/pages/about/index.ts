import type { PageDef } from "../registry";

export const about: PageDef[] = [{ scope: "root", path: "about", load: () => import("./AboutPage") }];
