import type { PageDef } from "../registry";

export const audit: PageDef[] = [
  { scope: "project", path: "audit", load: () => import("./AuditPage") },
  { scope: "operator", path: "audit", load: () => import("./OperatorAudit") },
];
