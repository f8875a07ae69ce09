import type { PageDef } from "../registry";

export const vaults: PageDef[] = [
  { scope: "project", path: "vaults", load: () => import("./VaultsPage") },
  { scope: "project", path: "vaults/:id", load: () => import("./VaultPage") },
  { scope: "project", path: "vaults/backups", load: () => import("./BackupsPage") },
];
