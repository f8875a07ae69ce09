import { createStore } from "~/store";

/** Where an upload of this user is. */
export type Phase =
  /** Waits for its turn. */
  | "waiting"
  | "sending"
  /** The server or the line is away; goes on by itself. */
  | "lost"
  | "paused"
  /** The page was loaded anew: the file has to be chosen again. */
  | "needs-file"
  | "done"
  | "failed";

/** An upload of this user, in whatever project and tab. */
export interface Upload {
  /** The image that it is for: an image has one upload at most. */
  image: string;
  name: string;
  filename: string;
  region: string;
  project: string;
  phase: Phase;
  sent: number;
  length: number;
  bytesPerSecond: number;
  failure?: { code: string; message: string; requestId?: string };
  /** Whether the file is no longer as it was when it was chosen. */
  isChanged?: boolean;
  /** Whether its image was made for it, and goes when it is cancelled. */
  isOwn: boolean;
  /** Another tab sends it. */
  isElsewhere?: boolean;
}

export const uploads = createStore<readonly Upload[]>([]);
/** What has arrived of unfinished uploads of the project on show, whoever sends them, by image. */
export const arrived = createStore<Readonly<Record<string, { sent: number; length: number }>>>({});
export const trayOpen = createStore(false);

const isOpen = ({ phase }: Upload) => phase !== "done" && phase !== "failed";

/** How much of everything unfinished has arrived, in percent. */
export function wholePercent(all: readonly Upload[]): number {
  const open = all.filter(isOpen);
  if (open.length === 0) return 100;
  const sum = (of: (upload: Upload) => number) => open.reduce((all, one) => all + of(one), 0);
  return Math.floor(
    (100 * sum(({ sent }) => sent)) /
      Math.max(
        1,
        sum(({ length }) => length),
      ),
  );
}
