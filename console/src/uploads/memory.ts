import type { Upload } from "./tray";

/** What this browser remembers of an upload, so that the same file can go on with it after a reload. */
export interface Remembered
  extends Pick<Upload, "image" | "name" | "filename" | "region" | "project" | "length" | "isOwn"> {
  user: string;
  /** The server's id of it; none before the server has begun it. */
  id?: string;
  /** See `fingerprint`; none where another browser has begun it. */
  print?: string;
  /** When the file was last changed, as this computer says; none where another browser has begun it. */
  modified?: number;
  sha256?: string;
  /** To share with once it is whole. */
  share?: { recipients: string[]; note?: string; acknowledge?: boolean };
}

const KEPT = "lendglass.uploads";

export function remembered(): Remembered[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

export function remember(one: Remembered) {
  keep([...remembered().filter(({ image }) => image !== one.image), one]);
}

export function forget(image: string) {
  keep(remembered().filter((one) => one.image !== image));
}

function keep(all: Remembered[]) {
  if (all.length) localStorage.setItem(KEPT, JSON.stringify(all));
  else localStorage.removeItem(KEPT);
}
