import type { PageDef } from "../registry";

export const preferences: PageDef[] = [
  { scope: "me", path: "preferences", load: () => import("./Preferences") },
];
