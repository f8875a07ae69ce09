/*
 * Uploads that the server keeps until they are whole, by tus 1.0.0 (https://tus.io): begun once, continued
 * from wherever they are. A file is only ever cut into slices, which the browser reads as it sends them.
 */

import { ApiError, readError } from "~/api/errors";
import { type Context, send } from "~/api/send";
import { apiBase } from "~/base";
import { language } from "~/i18n/language";

/** An unfinished upload as the server shows it. */
export interface Kept {
  id: string;
  image: string;
  filename: string;
  offset: number;
  length: number;
  sha256: string | null;
  created_by: { id: string; name: string };
  created_at: string;
  expires_at: string;
  /** The image was made for these bytes, and goes with them when they are given up. */
  image_is_new: boolean;
}

const RESUMABLE = { "Tus-Resumable": "1.0.0" };
const PART = "application/offset+octet-stream";
const address = (id = "") => `${location.origin}${apiBase}/api/v1/uploads${id && `/${id}`}`;

/** UTF-8 in base64, as tus has values. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

export interface Begin {
  image: string;
  filename: string;
  length: number;
  sha256?: string;
  /** The image was made for these bytes, and goes with them when they are given up. */
  image_is_new?: boolean;
}

/** Begins an upload, or finds the one that the image has already. Answers its id. */
export async function begin(place: Context, { length, ...named }: Begin): Promise<string> {
  const metadata = Object.entries(named).flatMap(([name, value]) =>
    value ? `${name} ${base64(String(value))}` : [],
  );
  try {
    const answer = await send(
      new Request(address(), {
        method: "POST",
        headers: { ...RESUMABLE, "Upload-Length": String(length), "Upload-Metadata": metadata.join(",") },
      }),
      place,
    );
    return ((await answer.json()) as Kept).id;
  } catch (error) {
    // The answer to an earlier try may have been lost.
    if (error instanceof ApiError && error.code === "UPLOAD_EXISTS" && error.detail.id)
      return error.detail.id;
    throw error;
  }
}

/** How much has arrived; nothing where the upload has ended. Waits for the server, and for a sign-in. */
export async function arrivedBytes(place: Context, id: string, signal: AbortSignal): Promise<number | null> {
  try {
    const answer = await send(
      new Request(address(id), { method: "HEAD", headers: RESUMABLE, signal }),
      place,
    );
    return Number(answer.headers.get("upload-offset"));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

/** Gives an upload up; one that has ended is given up. */
export async function cancel(place: Context, id: string): Promise<void> {
  try {
    await send(new Request(address(id), { method: "DELETE", headers: RESUMABLE }), place);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

/** The unfinished uploads of a project. */
export async function list(place: Context, signal?: AbortSignal): Promise<Kept[]> {
  const answer = await send(new Request(`${address()}?limit=100`, { signal }), place);
  return ((await answer.json()) as { uploads: Kept[] }).uploads;
}

/** Sends a part; answers where the upload is afterwards. */
export function sendPart(
  place: Context,
  id: string,
  offset: number,
  part: Blob,
  tell: (sent: number) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    // Of the two ways to send, only this one tells how far it is.
    const request = new XMLHttpRequest();
    request.open("PATCH", address(id));
    const headers = {
      ...RESUMABLE,
      "Content-Type": PART,
      "Upload-Offset": String(offset),
      "Accept-Language": language.get(),
      "X-Lendglass-Project": place.project,
      "X-Lendglass-Region": place.region,
    };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => tell(offset + loaded);
    const stop = () => request.abort();
    signal.addEventListener("abort", stop);
    request.onloadend = async () => {
      signal.removeEventListener("abort", stop);
      const now = Number(request.getResponseHeader("upload-offset") ?? Number.NaN);
      if (signal.aborted) reject(signal.reason);
      else if (request.status === 204 && Number.isSafeInteger(now)) resolve(now);
      else reject(await refusalOf(request));
    };
    request.send(part);
  });
}

function refusalOf(request: XMLHttpRequest): ApiError | Promise<ApiError> {
  const { status, statusText, responseText } = request;
  if (status === 0) return new ApiError({ status, code: "CONNECTION_LOST", message: "connection lost" });
  const wait = request.getResponseHeader("retry-after");
  return readError(
    new Response(responseText || null, { status, statusText, headers: wait ? { "retry-after": wait } : {} }),
  );
}

/** The largest file that the server takes, as it says. */
export async function largestUpload(place: Context): Promise<number | null> {
  const answer = await send(new Request(address(), { method: "OPTIONS" }), place);
  const most = Number(answer.headers.get("tus-max-size") ?? Number.NaN);
  return Number.isSafeInteger(most) ? most : null;
}
