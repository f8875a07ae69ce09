import type { PageDef } from "../registry";

export const accessKeys: PageDef[] = [
  { scope: "me", path: "access-keys", load: () => import("./AccessKeysPage") },
];
