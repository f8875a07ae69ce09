import { about } from "./about";
import { access } from "./access";
import { accessKeys } from "./access-keys";
import { audit } from "./audit";
import { credentials } from "./credentials";
import { help } from "./help";
import { image } from "./image";
import { jobs } from "./jobs";
import { market } from "./market";
import { newImage } from "./new-image";
import { notices } from "./notices";
import { operator } from "./operator";
import { overview } from "./overview";
import { preferences } from "./preferences";
import { privateImages } from "./private";
import { publicImages } from "./public";
import { quotas } from "./quotas";
import type { DialogDef, PageDef } from "./registry";
import { sharedImages } from "./shared";
import { uploadsPage } from "./uploads";
import { vaults } from "./vaults";

/** Every page; one line each. */
export const pages: PageDef[] = [
  ...image,
  ...jobs,
  ...newImage,
  ...about,
  ...access,
  ...accessKeys,
  ...audit,
  ...credentials,
  ...help,
  ...notices,
  ...overview,
  ...operator,
  ...preferences,
  ...privateImages,
  ...quotas,
  ...market,
  ...publicImages,
  ...sharedImages,
  ...uploadsPage,
  ...vaults,
];

/** Every dialog that an address can open; one line each. */
export const dialogs: DialogDef[] = [
  { name: "share", load: () => import("~/dialogs/share/ShareDialog") },
  { name: "unshare", load: () => import("~/dialogs/unshare/UnshareDialog") },
  { name: "remove", load: () => import("~/dialogs/remove/RemoveDialog") },
  { name: "delete", load: () => import("~/dialogs/delete/DeleteDialog") },
  { name: "accept", load: () => import("~/dialogs/accept/AcceptDialog") },
  { name: "modify", load: () => import("~/dialogs/modify/ModifyDialog") },
  { name: "replicate", load: () => import("~/dialogs/replicate/ReplicateDialog") },
  { name: "copy", load: () => import("~/dialogs/copy/CopyDialog") },
  { name: "trust", load: () => import("~/dialogs/trust/TrustDialog") },
  { name: "block", load: () => import("~/dialogs/trust/BlockDialog") },
  { name: "publish", load: () => import("~/dialogs/publish/PublishDialog") },
  { name: "unpublish", load: () => import("~/dialogs/publish/UnpublishDialog") },
  { name: "deactivate", load: () => import("~/dialogs/publish/DeactivateDialog") },
  { name: "tags", load: () => import("~/dialogs/tags/TagsDialog") },
  { name: "tenants", load: () => import("~/dialogs/tenants/TenantsDialog") },
  { name: "reject-all", load: () => import("~/dialogs/reject-all/RejectAllDialog") },
  { name: "vault-create", load: () => import("~/dialogs/vault/VaultCreateDialog") },
  { name: "vault-edit", load: () => import("~/dialogs/vault/VaultEditDialog") },
  { name: "vault-delete", load: () => import("~/dialogs/vault/VaultDeleteDialog") },
  { name: "backup-create", load: () => import("~/dialogs/backup/BackupCreateDialog") },
  { name: "backup-image", load: () => import("~/dialogs/backup/BackupImageDialog") },
  { name: "backup-delete", load: () => import("~/dialogs/backup/BackupDeleteDialog") },
];

/** Whether a page is there: what leads to a missing one is not shown. */
export const hasPage = (scope: PageDef["scope"], path: string): boolean =>
  pages.some((page) => page.scope === scope && (page.path === path || page.path.startsWith(`${path}/`)));

export const hasDialog = (name: string): boolean => dialogs.some((dialog) => dialog.name === name);
