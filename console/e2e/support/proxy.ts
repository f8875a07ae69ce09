import {
  request as ask,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

const begin = async (handle: (asked: IncomingMessage, answer: ServerResponse) => void): Promise<Server> => {
  const proxy = createServer(handle);
  await new Promise<void>((ready) => proxy.listen(0, "127.0.0.1", ready));
  return proxy;
};

export const portOf = (proxy: Server): number => (proxy.address() as AddressInfo).port;

export function end(proxy: Server) {
  proxy.closeAllConnections();
  proxy.close();
}

/** Asks the server behind the proxy; what comes back goes to whoever asked. */
function passOn(port: number, { url, method, headers }: IncomingMessage, answer: ServerResponse) {
  const passed = ask({ port, host: "127.0.0.1", path: url, method, headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  passed.on("error", () => answer.destroy());
  answer.on("close", () => passed.destroy());
  return passed;
}

/** A proxy that takes no request longer than this, as many are set up. */
export const shortProxy = (port: number, longest: number) =>
  begin((asked, answer) => {
    if (Number(asked.headers["content-length"] ?? 0) > longest) {
      answer.writeHead(413, { connection: "close" }).end();
      return;
    }
    asked.pipe(passOn(port, asked, answer));
  });

/** A request that a holding proxy was sent. */
export interface Held {
  method: string;
  offset: number;
  length: number;
  /** Whether it came to its end, and was passed on. */
  isPassedOn: boolean;
}

/**
 * A proxy that keeps each request until it is whole, as nginx does unless it is told otherwise, and reads no
 * further once it has no room for more.
 */
export async function holdingProxy(port: number, room: number): Promise<{ proxy: Server; seen: Held[] }> {
  const seen: Held[] = [];
  const proxy = await begin((asked, answer) => {
    const held: Held = {
      method: asked.method ?? "",
      offset: Number(asked.headers["upload-offset"] ?? 0),
      length: Number(asked.headers["content-length"] ?? 0),
      isPassedOn: false,
    };
    seen.push(held);
    const pieces: Buffer[] = [];
    let size = 0;
    asked.on("data", (piece: Buffer) => {
      pieces.push(piece);
      size += piece.length;
      if (size > room) asked.pause();
    });
    asked.on("end", () => {
      held.isPassedOn = true;
      const passed = passOn(port, asked, answer);
      for (const piece of pieces.splice(0)) passed.write(piece);
      passed.end();
    });
  });
  return { proxy, seen };
}
