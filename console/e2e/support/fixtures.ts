import {
  type APIResponse,
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from "@playwright/test";
import { Server, type ServerWish } from "./server";
import { A, ACCOUNTS, type Name, PASSWORD, world } from "./world";

export interface Options {
  isChinese: boolean;
  /** The cloud whose rules apply. */
  profile: string;
  /** The demo world instead of the one of `world.ts`. */
  demo: boolean;
  /** Projects beside those of the people. */
  others: number;
  settings: Record<string, string>;
}

/** A page whose errors count. */
export class Watched {
  readonly faults: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.fault(`exception: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      // Refusals of the API are part of the day; answers that must not be are found below.
      if (message.type() === "error" && !/server responded with a status of 4\d\d/.test(message.text()))
        this.fault(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("response", (answer) => {
      const isApi = new URL(answer.url()).pathname.includes("/api/v1/");
      if (answer.status() >= 500 || (answer.status() >= 400 && !isApi))
        this.fault(`${answer.status()} ${answer.url()}`);
    });
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith("http") && hostname !== "127.0.0.1") this.fault(`asks ${request.url()}`);
    });
  }

  /** Faults of this kind are what the test brings about. */
  expects(kind: RegExp) {
    this.expected.push(kind);
  }

  private fault(text: string) {
    if (!this.expected.some((kind) => kind.test(text))) this.faults.push(text);
  }
}

/** Somebody with a browser of his own. */
export class Person {
  constructor(
    readonly name: string,
    readonly server: Server,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly watched: Watched,
  ) {}

  async signIn(account: string): Promise<void> {
    await this.call("POST", "/session", { account, username: this.name, password: PASSWORD });
  }

  /** Calls the native API as this person; anything but success fails the test. */
  async call<T = unknown>(method: string, path: string, data?: unknown, project?: string): Promise<T> {
    const answer = await this.ask(method, path, data, project);
    expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
    const text = await answer.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  ask(method: string, path: string, data?: unknown, project?: string): Promise<APIResponse> {
    const isBytes = Buffer.isBuffer(data);
    return this.context.request.fetch(`${this.server.url}/api/v1${path}`, {
      method,
      data: data as Buffer,
      headers: {
        Origin: this.server.url,
        ...(isBytes ? { "Content-Type": "application/octet-stream" } : {}),
        ...(project ? { "X-Lendglass-Project": project } : {}),
      },
    });
  }

  /** Opens a page of a project. */
  async open(path: string, project = A, region = "r1"): Promise<Page> {
    await this.page.goto(`${this.server.url}/console/r/${region}/p/${project}/${path}`);
    return this.page;
  }

  /** Opens a page outside of projects. */
  async openAt(path: string): Promise<Page> {
    await this.page.goto(`${this.server.url}/console/${path}`);
    return this.page;
  }

  /** A small private image. */
  async image(name: string, more: Record<string, unknown> = {}, disk?: Buffer): Promise<string> {
    const { id } = await this.call<{ id: string }>("POST", "/images", {
      name,
      kind: "system",
      disk_format: "raw",
      container_format: "bare",
      ...more,
    });
    const bytes = disk ?? Buffer.alloc(64 * 1024);
    if (!disk) bytes.write(name);
    await this.call("PUT", `/images/${id}/file`, bytes);
    return id;
  }

  /** Offers images; returns what came of it. */
  share(images: string[], recipients: string[], more: Record<string, unknown> = {}) {
    return this.call<Report>("POST", "/shares", { images, recipients, mode: "partial", ...more });
  }

  answer(answer: "accept" | "reject", images: string[]) {
    return this.call<Report>("POST", "/shares/answers", { answer, images });
  }

  /** State of a share as its owner sees it. */
  async stateOf(image: string, recipient: string): Promise<string | undefined> {
    const { shares } = await this.call<{ shares: { state: string; recipient: { id: string } }[] }>(
      "GET",
      `/images/${image}/shares`,
    );
    return shares.find((share) => share.recipient.id === recipient)?.state;
  }
}

export interface Report {
  results: { image: string; recipient: string; outcome: string; code?: string }[];
}

interface Fixtures {
  /** The text in the language of this run. */
  say: (english: string, chinese: string) => string;
  server: Server;
  wish: ServerWish;
  /** A browser for somebody who has signed in. */
  as: (name: Name, more?: BrowserContextOptions) => Promise<Person>;
  /** A browser for somebody who has not. */
  stranger: (more?: BrowserContextOptions) => Promise<Person>;
  alice: Person;
  bob: Person;
}

export const test = base.extend<Options & Fixtures>({
  isChinese: [false, { option: true }],
  profile: ["lendglass", { option: true }],
  demo: [false, { option: true }],
  others: [0, { option: true }],
  settings: [{}, { option: true }],

  say: async ({ isChinese }, use) => {
    await use((english, chinese) => (isChinese ? chinese : english));
  },
  wish: async ({ profile, demo, others, settings }, use) => {
    await use({ profile, demo, settings, world: world(others) });
  },
  server: async ({ wish }, use) => {
    const server = await Server.start(wish);
    await use(server);
    await server.close();
  },
  stranger: async ({ browser, server, locale, colorScheme, viewport }, use) => {
    const people: Person[] = [];
    await use(async (more) => {
      const context = await browser.newContext({
        locale,
        colorScheme,
        viewport,
        reducedMotion: "reduce",
        permissions: ["clipboard-read", "clipboard-write"],
        ...more,
      });
      const page = await context.newPage();
      const person = new Person("", server, context, page, new Watched(page));
      people.push(person);
      return person;
    });
    const faults = people.flatMap((person) => person.watched.faults);
    for (const person of people) await person.context.close();
    expect(faults, "no error in any browser").toEqual([]);
  },
  as: async ({ stranger, demo }, use) => {
    await use(async (name, more) => {
      const { server, context, page, watched } = await stranger(more);
      const person = new Person(name, server, context, page, watched);
      await person.signIn(demo && name === "admin" ? "Default" : ACCOUNTS[name]);
      return person;
    });
  },
  alice: async ({ as }, use) => use(await as("alice")),
  bob: async ({ as }, use) => use(await as("bob")),
});

export { A, ACCOUNTS, B, B2, C, crowd, type Name, OPS, PASSWORD } from "./world";
export { expect };
