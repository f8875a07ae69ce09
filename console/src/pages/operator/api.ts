/** Answers for the operator. */
export interface TenantProject {
  id: string;
  name: string;
  region?: string | null;
  enabled: boolean;
  discoverable: boolean;
  users: number;
  images: number;
  image_bytes: number;
  shares_given: number;
  shares_received: number;
}
export interface Tenant {
  id: string;
  name: string;
  uid: string;
  email?: string | null;
  enabled: boolean;
  users: number;
  projects: TenantProject[];
}
export interface TenantsPage {
  tenants: Tenant[];
  next?: string | null;
  total?: { count: number; is_more: boolean } | null;
}
export interface RegionStorage {
  region: string;
  blobs: number;
  bytes: number;
  filling: number;
  dying: number;
  dying_bytes: number;
  images: number;
  image_bytes: number;
  free_bytes?: number | null;
}
export interface Part {
  kind: string;
  name?: string | null;
  driver: string;
  state: string;
  detail: string;
  micros: number;
}
export interface Health {
  state: string;
  version: string;
  now: string;
  parts: Part[];
}
