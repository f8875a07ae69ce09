import type { Query } from "~/table/types";
import type { useImageColumns } from "./columns";
import type { Tab } from "./ImagesFrame";

type ColumnName = keyof ReturnType<typeof useImageColumns>;

/** What tells one list of images from another. */
interface ImageListDef {
  tab: Tab;
  query: Query;
  filters: "own" | "received";
  columns: ColumnName[];
  /** Columns that are on here, though they are off elsewhere, and the other way round. */
  on?: ColumnName[];
  off?: ColumnName[];
  /** What matters less here where there is no room for all. */
  spare?: { [name in ColumnName]?: number };
  sort?: { key: string; descending: boolean };
  /** The command that does on the command line what a row is for. */
  cli: string;
}

const NEWEST = { key: "created_at", descending: true };

export const LISTS = {
  private: {
    tab: "private",
    query: { view: "owned" },
    filters: "own",
    columns: [
      "name",
      "status",
      "os",
      "type",
      "disk",
      "sharedWith",
      "encrypted",
      "boot",
      "arch",
      "size",
      "source",
      "tags",
      "created",
      "memory",
      "id",
    ],
    sort: NEWEST,
    cli: "lend image show",
  },
  shared: {
    tab: "shared",
    query: { view: "received", state: "accepted" },
    filters: "received",
    columns: [
      "name",
      "status",
      "os",
      "type",
      "disk",
      "sharedBy",
      "accepted",
      "size",
      "arch",
      "tags",
      "note",
      "id",
    ],
    // It was for the answer; who shares, and since when, goes on to matter.
    spare: { note: 1 },
    cli: "lend image show",
  },
  pending: {
    tab: "shared",
    query: { view: "received", state: "pending" },
    filters: "received",
    columns: [
      "name",
      "type",
      "disk",
      "os",
      "sharedBy",
      "since",
      "note",
      "vault",
      "arch",
      "boot",
      "tags",
      "id",
    ],
    cli: "lend share accept",
  },
  rejected: {
    tab: "shared",
    query: { view: "received", state: "rejected" },
    filters: "received",
    columns: ["name", "type", "os", "disk", "sharedBy", "rejected", "note", "id"],
    cli: "lend share accept",
  },
  public: {
    tab: "public",
    query: { view: "public" },
    filters: "received",
    columns: [
      "name",
      "os",
      "arch",
      "boot",
      "disk",
      "memory",
      "size",
      "updated",
      "status",
      "type",
      "tags",
      "id",
    ],
    on: ["arch", "boot", "memory"],
    off: ["status", "type"],
    // As the operator has ordered them, the rest by name.
    sort: { key: "rank:asc,name", descending: false },
    cli: "lend image show",
  },
  market: {
    tab: "market",
    query: { view: "market" },
    filters: "received",
    columns: ["name", "status", "os", "type", "disk", "publishedBy", "size", "created", "tags", "id"],
    sort: NEWEST,
    cli: "lend image show",
  },
} as const satisfies Record<string, ImageListDef>;

export type ImageListName = keyof typeof LISTS;
export const listOf = (name: ImageListName): ImageListDef => LISTS[name];
