import type { IconProps } from "@cloudscape-design/components/icon";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { hasPage } from "~/pages";
import type { Scope } from "~/pages/registry";
import { shellTexts } from "./texts";

interface Item {
  key: `nav.${string}` & keyof typeof shellTexts.entries;
  scope: Scope;
  path: string;
  icon: IconProps.Name;
  /** Which part of the navigation: the things, their history, the operator's. */
  part: 0 | 1 | 2;
}

const ITEMS: Item[] = [
  { key: "nav.overview", scope: "project", path: "overview", icon: "view-full", part: 0 },
  { key: "nav.images", scope: "project", path: "images/private", icon: "multiscreen", part: 0 },
  { key: "nav.servers", scope: "project", path: "servers", icon: "grid-view", part: 0 },
  { key: "nav.volumes", scope: "project", path: "volumes", icon: "download", part: 0 },
  { key: "nav.backups", scope: "project", path: "vaults", icon: "folder", part: 0 },
  { key: "nav.files", scope: "project", path: "files", icon: "file", part: 0 },
  { key: "nav.keys", scope: "project", path: "keys", icon: "key", part: 0 },
  { key: "nav.jobs", scope: "project", path: "jobs", icon: "status-in-progress", part: 1 },
  { key: "nav.uploads", scope: "project", path: "uploads", icon: "upload", part: 1 },
  { key: "nav.audit", scope: "project", path: "audit", icon: "search", part: 1 },
  { key: "nav.quotas", scope: "project", path: "quotas", icon: "insert-row", part: 1 },
  { key: "nav.access", scope: "project", path: "access", icon: "group", part: 1 },
  { key: "nav.policy", scope: "operator", path: "policy", icon: "settings", part: 2 },
  { key: "nav.tenants", scope: "operator", path: "tenants", icon: "group", part: 2 },
  { key: "nav.regions", scope: "operator", path: "regions", icon: "globe", part: 2 },
  { key: "nav.publicImages", scope: "operator", path: "public-images", icon: "multiscreen", part: 2 },
  { key: "nav.drivers", scope: "operator", path: "drivers", icon: "script", part: 2 },
  { key: "nav.storage", scope: "operator", path: "storage", icon: "folder", part: 2 },
  { key: "nav.health", scope: "operator", path: "health", icon: "status-positive", part: 2 },
  { key: "nav.feedback", scope: "operator", path: "feedback", icon: "contact", part: 2 },
  { key: "nav.audit", scope: "operator", path: "audit", icon: "search", part: 2 },
];

/** What the navigation leads to: the pages that are there, for this user, with their paths. */
export function useNavigation() {
  const t = useTexts(shellTexts);
  const { operator } = useSession();
  const { path } = usePlace();
  return ITEMS.filter((item) => hasPage(item.scope, item.path) && (item.part < 2 || operator)).map(
    (item) => ({
      text: t(item.key),
      icon: item.icon,
      part: item.part,
      isImages: item.path.startsWith("images/"),
      path: item.scope === "operator" ? `/operator/${item.path}` : path(item.path),
    }),
  );
}
