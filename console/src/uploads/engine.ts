/*
 * Sends files to the server, some at once, whatever page is on show. Where an upload is, the server knows:
 * after anything that went wrong it is asked, and the file goes on from there.
 */
import { call } from "~/api/client";
import { ApiError, toApiError } from "~/api/errors";
import { type Context, wait } from "~/api/send";
import type { Image, ShareReport } from "~/api/types";
import { createStore } from "~/store";
import { forget, type Remembered, remember, remembered } from "./memory";
import { fingerprint } from "./probe";
import { type Phase, type Upload, uploads } from "./tray";
import * as tus from "./tus";

/** Browsers open six connections to a server, and pages need some of them. */
const AT_ONCE = 2;
/**
 * At first a file goes in one request, as itself: the browser reads a slice of it in one process and sends
 * it in another, a whole file where it is sent, for two thirds of the time of the processor.
 */
const WHOLE = Number.POSITIVE_INFINITY;
/** Where that does not do, it goes in parts, none longer than what proxies keep of a request. */
const PART = 256 * 1024 * 1024;
/** None shorter than this, whatever a proxy says. */
const SHORTEST_PART = 1024 * 1024;
const LONGEST_WAIT = 15_000;
const SPEED_OVER = 5_000;
const TELL_EVERY = 1_000;

/** The server knows the upload no longer, and the image has no bytes. */
export const ENDED = "UPLOAD_ENDED";
/** The file was changed, moved or deleted since it was chosen. */
const UNREADABLE = "FILE_UNREADABLE";

interface Job extends Remembered {
  file?: File;
  stop?: AbortController;
  partBytes: number;
}

const jobs = new Map<string, Job>();

/** News for pages: what has ended, and how. */
export interface Ended {
  upload: Upload;
  image?: Image;
  shared?: ShareReport;
  /** Why it could not be shared. */
  unshared?: ApiError;
}
export const lastEnded = createStore<Ended | null>(null);

const now = (image: string) => uploads.get().find((one) => one.image === image);

function put(image: string, patch: Partial<Upload>) {
  uploads.set((all) => all.map((one) => (one.image === image ? { ...one, ...patch } : one)));
}

function drop(image: string) {
  jobs.get(image)?.stop?.abort();
  jobs.delete(image);
  forget(image);
  uploads.set((all) => all.filter((one) => one.image !== image));
}

function enter(job: Job, state: Pick<Upload, "phase" | "sent">) {
  jobs.set(job.image, job);
  const { image, name, filename, region, project, length, isOwn } = job;
  const entry: Upload = {
    image,
    name,
    filename,
    region,
    project,
    length,
    isOwn,
    bytesPerSecond: 0,
    ...state,
  };
  uploads.set((all) => [entry, ...all.filter((one) => one.image !== image)]);
}

const isActive = ({ phase, isElsewhere }: Upload) =>
  !isElsewhere && (phase === "sending" || phase === "lost");

/** Lets the next ones go on. */
function turn() {
  const all = uploads.get();
  const free = AT_ONCE - all.filter(isActive).length;
  for (const { image } of all.filter((one) => one.phase === "waiting").slice(0, Math.max(0, free))) {
    const job = jobs.get(image);
    if (job) void run(job);
  }
}

// --- one upload ------------------------------------------------------------------------------------

async function run(job: Job) {
  const stop = new AbortController();
  job.stop = stop;
  put(job.image, { phase: "sending", failure: undefined });
  try {
    await feed(job, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return;
    if (error instanceof ApiError && error.code === UNREADABLE) {
      put(job.image, { phase: "needs-file", bytesPerSecond: 0, isChanged: true });
      job.file = undefined;
      const upload = now(job.image);
      if (upload) lastEnded.set({ upload });
      return turn();
    }
    const { code, message, requestId } = toApiError(error);
    put(job.image, { phase: "failed", bytesPerSecond: 0, failure: { code, message, requestId } });
    const upload = now(job.image);
    if (upload) lastEnded.set({ upload });
  }
  turn();
}

async function feed(job: Job, signal: AbortSignal): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      if (!job.id) {
        const { image, filename, length, sha256 } = job;
        job.id = await tus.begin(job, { image, filename, length, sha256, image_is_new: job.isOwn });
        if (signal.aborted) throw signal.reason;
        remember(plain(job));
      }
      const at = await tus.arrivedBytes(job, job.id, signal);
      if (at === null) return await conclude(job);
      put(job.image, { phase: "sending", sent: at });
      await sendFrom(job, at, signal, () => {
        failures = 0;
      });
      // What was changed while it was sent has arrived as a mixture.
      if (job.file && !(await isReadable(job.file))) put(job.image, { isChanged: true });
      return await conclude(job);
    } catch (error) {
      if (signal.aborted) throw error;
      const refused = toApiError(error);
      const isLong = refused.code === "HTTP_413" && job.partBytes > SHORTEST_PART;
      if (isLong) {
        job.partBytes = Math.min(PART, job.partBytes / 2);
        continue;
      }
      if (!isPassing(refused)) throw refused;
      failures += 1;
      put(job.image, { phase: "lost", bytesPerSecond: 0 });
      await wait(refused.retryAfter ? refused.retryAfter * 1_000 : pause(failures), signal);
    }
  }
}

const pause = (failures: number) => Math.min(250 * 2 ** failures, LONGEST_WAIT);

/** What asking the server again can mend: lost lines, busy servers, ended sessions, another offset. */
function isPassing({ status }: ApiError): boolean {
  return [0, 401, 408, 409, 423, 429, 460].includes(status) || status >= 500;
}

/** Sends the file from there to its end. */
async function sendFrom(job: Job, from: number, signal: AbortSignal, progress: () => void) {
  const { file, id } = job;
  if (!file || !id) throw new Error("an upload without its file");
  if (!(await isReadable(file))) throw new ApiError({ status: 410, code: UNREADABLE, message: file.name });
  signal.throwIfAborted();
  const speed = speedometer(from);
  let told = 0;
  const tell = (sent: number) => {
    if (performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    put(job.image, { phase: "sending", sent, bytesPerSecond: speed(sent) });
  };
  for (let at = from; at < file.size; ) {
    const isWhole = at === 0 && file.size <= job.partBytes;
    const part = isWhole ? file : file.slice(at, at + Math.min(job.partBytes, PART));
    // What fits into one part is sent no otherwise in parts.
    const held = isWhole && file.size > PART ? watchForHolders(job, id, signal) : null;
    try {
      at = await tus.sendPart(job, id, at, part, held ? held.tell(tell) : tell, held?.signal ?? signal);
    } catch (error) {
      if (signal.aborted || toApiError(error).status !== 404) throw error;
      return;
    }
    progress();
  }
}

/** Whether the file is still there, as it was when it was chosen. */
const isReadable = (file: File): Promise<boolean> =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );

/**
 * Ends a long request of which nothing reaches the server: a proxy that keeps requests until they are whole
 * would have to begin anew after each lost line. It goes on in parts.
 */
function watchForHolders(job: Job, id: string, outer: AbortSignal) {
  const own = new AbortController();
  let asked = false;
  const ask = async () => {
    const arrived = await tus.arrivedBytes(job, id, outer).catch(() => null);
    // Nobody could be asked: the next piece of news is the next chance.
    if (arrived === null) asked = false;
    if (arrived !== 0) return;
    job.partBytes = PART;
    own.abort(new ApiError({ status: 0, code: "HELD", message: "a proxy keeps the request" }));
  };
  return {
    signal: AbortSignal.any([outer, own.signal]),
    tell: (tell: (sent: number) => void) => (sent: number) => {
      tell(sent);
      if (asked || sent < PART) return;
      asked = true;
      void ask();
    },
  };
}

/** Bytes per second over the last seconds. */
export function speedometer(from: number, clock = () => performance.now()) {
  let seen: [at: number, sent: number][] = [[clock(), from]];
  return (sent: number): number => {
    const at = clock();
    seen = [...seen.filter(([then]) => at - then <= SPEED_OVER), [at, sent]];
    const [first, before] = seen[0] ?? [at, sent];
    return at > first ? Math.max(0, ((sent - before) * 1_000) / (at - first)) : 0;
  };
}

/** The upload has ended at the server: the image is there now, or has lost it. */
async function conclude(job: Job): Promise<void> {
  const image = await call<Image>("GET", `/api/v1/images/${job.image}`, undefined, job);
  if (image.status !== "active" && image.status !== "deactivated") {
    job.id = undefined;
    remember(plain(job));
    throw new ApiError({ status: 410, code: ENDED, message: "the upload has ended" });
  }
  put(job.image, { phase: "done", sent: job.length, bytesPerSecond: 0 });
  forget(job.image);
  const upload = now(job.image);
  if (!upload) return;
  const ended: Ended = { upload, image };
  if (job.share?.recipients.length) {
    const body = { images: [job.image], ...job.share, mode: "partial" };
    try {
      ended.shared = await call<ShareReport>("POST", "/api/v1/shares", body, job);
    } catch (error) {
      ended.unshared = toApiError(error);
    }
  }
  lastEnded.set(ended);
}

const plain = ({ file, stop, partBytes, ...kept }: Job): Remembered => kept;

// --- what people ask for ---------------------------------------------------------------------------

/** Sends a file into an image that waits for its bytes. */
export async function start(file: File, what: Omit<Remembered, "filename" | "length" | "print">) {
  const job: Job = {
    ...what,
    filename: file.name,
    length: file.size,
    print: await fingerprint(file),
    modified: file.lastModified,
    file,
    partBytes: WHOLE,
  };
  remember(plain(job));
  enter(job, { phase: "waiting", sent: 0 });
  turn();
}

/** Gives up what has arrived, and sends another file into the image, or, where it goes as well, into one like it. */
export async function startOver(image: string, file: File) {
  const job = jobs.get(image);
  if (!job) return;
  const path = `/api/v1/images/${image}`;
  const before = await call<Image>("GET", path, undefined, job);
  if (job.id) await tus.cancel(job, job.id);
  const left = await call<Image>("GET", path, undefined, job).catch((error) => {
    if (toApiError(error).status === 404) return null;
    throw error;
  });
  const next = left ?? (await call<Image>("POST", "/api/v1/images", recordOf(before), job));
  const { id: _, ...what } = plain(job);
  drop(image);
  await start(file, { ...what, image: next.id });
}

/** What has to be said of an image to have one like it, without its bytes. */
const recordOf = (image: Image) => ({
  name: image.name,
  kind: image.kind,
  disk_format: image.disk_format,
  container_format: image.container_format,
  min_disk_gib: image.min_disk_gib,
  min_ram_mib: image.min_ram_mib,
  protected: image.protected,
  tags: image.tags,
  properties: image.properties,
});

export function pauseUpload(image: string) {
  jobs.get(image)?.stop?.abort();
  put(image, { phase: "paused", bytesPerSecond: 0 });
  turn();
}

export function resume(image: string) {
  put(image, { phase: "waiting", failure: undefined, isChanged: undefined });
  turn();
}

/** Gives up what has arrived; an image that was made for it goes as well. */
export async function cancelUpload(image: string) {
  const job = jobs.get(image);
  const before = now(image)?.phase;
  job?.stop?.abort();
  put(image, { phase: "paused", bytesPerSecond: 0 });
  try {
    if (job?.id) await tus.cancel(job, job.id);
    if (job?.isOwn) await removeImage(job);
    drop(image);
  } catch (error) {
    if (before) put(image, { phase: before === "failed" ? "failed" : "paused" });
    throw error;
  } finally {
    turn();
  }
}

async function removeImage(job: Job) {
  const path = `/api/v1/images/${job.image}`;
  try {
    await call("PATCH", path, { protected: false }, job);
    await call("DELETE", path, undefined, job);
  } catch (error) {
    if (toApiError(error).status !== 404) throw error;
  }
}

/** Takes an ended one out of sight. */
export const dismiss = drop;

/**
 * Why a file is not the one an upload waits for. Of the date alone it cannot be told whether it is: its content
 * is compared at both ends only.
 */
export type Difference = "name" | "size" | "content" | "date";

/** Goes on with a file that was chosen again; or says why it is another one, or may be. */
export async function giveFile(
  image: string,
  file: File,
  { isSame = false } = {},
): Promise<Difference | undefined> {
  const job = jobs.get(image);
  if (!job) return undefined;
  const why = await difference(job, file);
  if (why && !(why === "date" && isSame)) return why;
  job.file = file;
  job.print ??= await fingerprint(file);
  job.modified = file.lastModified;
  if (remembered().some((one) => one.image === image)) remember(plain(job));
  resume(image);
  return undefined;
}

async function difference(job: Remembered, file: File): Promise<Difference | undefined> {
  if (file.size !== job.length) return "size";
  if (job.filename && file.name !== job.filename) return "name";
  if (job.print && job.print !== (await fingerprint(file))) return "content";
  return job.modified !== undefined && job.modified !== file.lastModified ? "date" : undefined;
}

/** The upload that waits for this very file. */
export async function waitingFor(file: File): Promise<Upload | undefined> {
  for (const upload of uploads.get().filter(({ phase }) => phase === "needs-file")) {
    const job = jobs.get(upload.image);
    if (job && !(await difference(job, file))) return upload;
  }
  return undefined;
}

// --- after a reload, and in other tabs ---------------------------------------------------------------

/** Shows again what was begun before this page was loaded. */
export function recall(user: string) {
  for (const known of remembered()) {
    if (known.user !== user || jobs.has(known.image)) continue;
    const job: Job = { ...known, partBytes: WHOLE };
    enter(job, { phase: "needs-file", sent: 0 });
    void refreshed(job);
  }
}

/** Shows uploads of this user that another browser has begun, as long as the server has them. */
export function adopt(list: tus.Kept[], place: Context, user: string) {
  for (const { id, image, filename, length, offset, created_by, image_is_new: isOwn } of list) {
    if (created_by.id !== user) continue;
    const before = now(image);
    // Another browser sends it: how far it is, only the server knows.
    if (before?.phase === "needs-file") put(image, { sent: offset });
    if (before) continue;
    const known = { ...place, id, image, filename, length, user, name: filename || image, isOwn };
    enter({ ...known, partBytes: WHOLE }, { phase: "needs-file", sent: offset });
  }
  for (const { image, phase, region, project } of uploads.get()) {
    const isHere = region === place.region && project === place.project;
    if (isHere && phase === "needs-file" && !remembered().some((one) => one.image === image)) {
      if (!list.some((kept) => kept.image === image)) drop(image);
    }
  }
}

/** Asks how far a remembered upload is; what has ended is told or forgotten. */
async function refreshed(job: Job) {
  try {
    const at = job.id ? await tus.arrivedBytes(job, job.id, new AbortController().signal) : 0;
    if (at !== null) return put(job.image, { sent: at });
    await conclude(job);
  } catch (error) {
    // The image has gone, or waits for its bytes again: nothing is left to go on with.
    const isOver = [404, 410].includes(toApiError(error).status);
    if (isOver && now(job.image)?.phase === "needs-file") drop(job.image);
  }
}

const tab = `${Date.now()}-${Math.random()}`;
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("lendglass.uploads");
interface News {
  tab: string;
  user: string;
  all: Upload[];
  ask?: boolean;
}
const heard = new Map<string, Set<string>>();

/** What other tabs need not know: they have it themselves, or it is over. */
const UNTOLD: readonly Phase[] = ["needs-file", "done", "failed"];

/** Tells other tabs what this one sends, and shows what they do. */
export function startTelling(user: string): () => void {
  if (!channel) return () => undefined;
  const tell = (ask = false) => {
    const all = uploads.get().filter((one) => !one.isElsewhere && !UNTOLD.includes(one.phase));
    channel.postMessage({ tab, user, all, ask } satisfies News);
  };
  channel.onmessage = ({ data }: MessageEvent<News>) => {
    if (data.tab === tab || data.user !== user) return;
    if (data.ask) tell();
    hear(data);
  };
  let due: ReturnType<typeof setTimeout> | undefined;
  const unwatch = uploads.watch(() => {
    due ??= setTimeout(() => {
      due = undefined;
      tell();
    }, 1_000);
  });
  const leave = () => channel.postMessage({ tab, user, all: [] } satisfies News);
  addEventListener("pagehide", leave);
  tell(true);
  return () => {
    clearTimeout(due);
    unwatch();
    leave();
    channel.onmessage = null;
    removeEventListener("pagehide", leave);
  };
}

function hear({ tab: from, all }: News) {
  const before = heard.get(from) ?? new Set();
  heard.set(from, new Set(all.map(({ image }) => image)));
  const theirs = new Map(all.map((one) => [one.image, { ...one, isElsewhere: true }]));
  uploads.set((mine) => [
    ...mine.flatMap((one): Upload[] => {
      const news = theirs.get(one.image);
      theirs.delete(one.image);
      if (news && (one.isElsewhere || one.phase === "needs-file")) return [news];
      if (!before.has(one.image) || !one.isElsewhere || news) return [one];
      // That tab sends it no longer: whoever has the file may go on.
      const kept = remembered().find(({ image }) => image === one.image);
      return kept ? [{ ...one, isElsewhere: false, phase: "needs-file", bytesPerSecond: 0 }] : [];
    }),
    ...theirs.values(),
  ]);
  for (const { image } of uploads.get()) {
    const kept = jobs.has(image) ? undefined : remembered().find((one) => one.image === image);
    if (kept) jobs.set(image, { ...kept, partBytes: WHOLE });
  }
}

/** Stops everything; another user begins with nothing. What is remembered stays. */
export function stopAll() {
  for (const job of jobs.values()) job.stop?.abort();
  jobs.clear();
  uploads.set([]);
}

addEventListener("beforeunload", (event) => {
  if (uploads.get().some((one) => isActive(one) || (!one.isElsewhere && one.phase === "waiting"))) {
    event.preventDefault();
  }
});
