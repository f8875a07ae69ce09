import type { PageDef } from "../registry";

export const help: PageDef[] = [{ scope: "root", path: "help", load: () => import("./HelpPage") }];
