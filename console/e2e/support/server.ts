import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/** The newest program that was built, or the one that is named. */
function program(name: "lendglassd" | "lend"): string {
  const named = process.env[name === "lend" ? "LEND_PROGRAM" : "LENDGLASSD_PROGRAM"];
  if (named) return named;
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const built = ["debug", "release"].map((profile) => join(target, profile, name)).filter(existsSync);
  const [newest] = built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (!newest) throw new Error(`${name} is not built: cargo build --workspace --bins`);
  return newest;
}

const freePort = () =>
  new Promise<number>((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? found(address.port) : failed(address)));
    });
  });

/** The environment without what would change the server. */
export const plainEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(LENDGLASS_|OS_)/.test(name)));

export interface ServerWish {
  /** The demo world instead of a world file. */
  demo: boolean;
  world: string;
  profile: string;
  /** Settings as `LENDGLASS_…` variables. */
  settings: Record<string, string>;
}

/** A `lendglassd` of its own, in a folder of its own. */
export class Server {
  /** What it has printed. */
  printed = "";
  private readonly folder = mkdtempSync(join(tmpdir(), "lendglass-e2e-"));
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly wish: ServerWish,
  ) {}

  static async start(wish: ServerWish): Promise<Server> {
    const server = new Server(await freePort(), wish);
    await server.up();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Its database, for who fills it while it is down. */
  get database(): string {
    return join(this.folder, "data", "lendglass.db");
  }

  get pid(): number {
    if (this.process?.pid === undefined) throw new Error("the server is down");
    return this.process.pid;
  }

  /** What its process has taken of processors so far, in ms. */
  get cpu(): number {
    const fields = readFileSync(`/proc/${this.process?.pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** The link that signs alice of the demo in, once. */
  get link(): string {
    const found = /Console: (\S+#login=\S+)/.exec(this.printed)?.[1];
    if (!found) throw new Error(`no link in ${this.printed}`);
    return found;
  }

  async up(): Promise<void> {
    const words = ["serve", "--data", join(this.folder, "data"), "--listen", `127.0.0.1:${this.port}`];
    if (this.wish.demo) words.push("--demo");
    else {
      const file = join(this.folder, "world.toml");
      writeFileSync(file, this.wish.world);
      words.push("--world", file);
    }
    words.push("--profile", this.wish.profile);
    const folder = process.env.LENDGLASS_CONSOLE__FOLDER;
    const settings = {
      ...(folder ? { LENDGLASS_CONSOLE__FOLDER: resolve(folder) } : {}),
      ...this.wish.settings,
    };
    const started = spawn(program("lendglassd"), words, {
      env: { ...plainEnvironment(), ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = started;
    let complaints = "";
    started.stderr.on("data", (piece) => {
      complaints = (complaints + piece).slice(-4_000);
    });
    await new Promise<void>((ready, failed) => {
      started.stdout.on("data", (piece) => {
        this.printed += piece;
        if (/^Ready/m.test(this.printed)) ready();
      });
      started.once("error", failed);
      started.once("exit", (code) => failed(new Error(`lendglassd ended (${code}): ${complaints}`)));
    });
  }

  /** Ends it as a crash does; what it keeps stays. */
  async down(): Promise<void> {
    const ending = this.process;
    this.process = undefined;
    if (!ending || ending.exitCode !== null) return;
    await new Promise<void>((ended) => {
      ending.once("exit", () => ended());
      ending.kill("SIGKILL");
    });
    this.printed = "";
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  static readonly lend = () => program("lend");
}
