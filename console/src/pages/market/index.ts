import type { PageDef } from "../registry";

export const market: PageDef[] = [
  { scope: "project", path: "images/market", load: () => import("./MarketImages") },
];
