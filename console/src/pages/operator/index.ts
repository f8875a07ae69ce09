import type { PageDef } from "../registry";

export const operator: PageDef[] = [
  { scope: "operator", path: "policy", load: () => import("./policy/PolicyPage") },
  { scope: "operator", path: "tenants", load: () => import("./TenantsPage") },
  { scope: "operator", path: "regions", load: () => import("./RegionsPage") },
  { scope: "operator", path: "public-images", load: () => import("./PublicImagesPage") },
  { scope: "operator", path: "storage", load: () => import("./StoragePage") },
  { scope: "operator", path: "feedback", load: () => import("./FeedbackPage") },
  { scope: "operator", path: "health", load: () => import("./HealthPage") },
];
