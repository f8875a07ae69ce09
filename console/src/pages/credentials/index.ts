import type { PageDef } from "../registry";

export const credentials: PageDef[] = [
  { scope: "me", path: "credentials", load: () => import("./CredentialsPage") },
];
