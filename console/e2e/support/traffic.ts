import type { Page } from "@playwright/test";

export interface Loaded {
  url: string;
  status: number;
  /** As they came over the line. */
  bytes: number;
  isCached: boolean;
}

/** Whether a file of the console came over the line. */
export const isLoaded = ({ url, status, isCached, bytes }: Loaded): boolean =>
  !url.startsWith("/api/") && status !== 304 && !isCached && bytes > 0;

/** Holds the calls of a page to these addresses back until what it answers is called. */
export async function hold(page: Page, address: RegExp): Promise<() => void> {
  let letGo = () => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route(address, async (route) => {
    await gone;
    await route.continue();
  });
  return letGo;
}

/** Lets a page send no faster than what is said of it, in bytes a second; -1 ends that. */
export async function uploadPace(page: Page) {
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  return (bytesPerSecond: number) =>
    network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    });
}

/** Counts what a page loads from now on. */
export async function traffic(page: Page): Promise<() => Loaded[]> {
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  const files = new Map<string, Loaded>();
  client.on("Network.responseReceived", ({ requestId, response }) => {
    files.set(requestId, {
      url: new URL(response.url).pathname,
      status: response.status,
      bytes: 0,
      isCached: Boolean(response.fromDiskCache),
    });
  });
  // What came over the line: to the page an answer “not modified” is the one that it has kept.
  const answered = new Map<string, number>();
  client.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode }) => {
    answered.set(requestId, statusCode);
  });
  client.on("Network.requestServedFromCache", ({ requestId }) => {
    const file = files.get(requestId);
    if (file) file.isCached = true;
  });
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const file = files.get(requestId);
    if (file) file.bytes = encodedDataLength;
  });
  return () => [...files].map(([id, file]) => ({ ...file, status: answered.get(id) ?? file.status }));
}
