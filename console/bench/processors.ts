import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The processes of this machine that live: whose child each is, what it is called, what it has taken, in ms. */
function processes() {
  const seen = new Map<number, { parent: number; name: string; ms: number }>();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const [, name = "", rest = ""] =
        /\((.*)\) (.*)/.exec(readFileSync(`/proc/${id}/stat`, "utf8").trim()) ?? [];
      const fields = rest.split(" ").map(Number);
      seen.set(Number(id), {
        parent: fields[1] ?? 0,
        name,
        ms: ((fields[11] ?? 0) + (fields[12] ?? 0)) * 10,
      });
    } catch {
      // It has ended meanwhile.
    }
  }
  return seen;
}

/** The browser's processes, which this one has begun. */
function browser() {
  const seen = processes();
  const isOurs = (id: number): boolean => id === process.pid || (id > 1 && isOurs(seen.get(id)?.parent ?? 0));
  return [...seen].flatMap(([id, { name, ms }]) => (/^chrom/.test(name) && isOurs(id) ? [{ id, ms }] : []));
}

/** What the browser has taken of processors so far, in ms: all its processes that live. */
export const browserCpu = (): number => browser().reduce((sum, { ms }) => sum + ms, 0);

/** The processors that this process may use. */
function allowed(): number[] {
  const [, text = "0"] = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return text.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}
const all = allowed();

const pin = (id: number, processors: number[]) =>
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", processors.join(), String(id)]);

/** Whether each side can have a processor of its own. */
export const canPart = all.length > 1;

/**
 * Gives the server one processor and the client another one: the browser, and this process with what it
 * begins. As in real use, where the browser is another machine.
 */
export async function parted<T>(server: number, run: () => Promise<T>): Promise<T> {
  const [first = 0, second = 0] = all;
  const put = (ofServer: number[], ofClient: number[]) => {
    pin(server, ofServer);
    for (const id of [process.pid, ...browser().map(({ id }) => id)]) pin(id, ofClient);
  };
  put([first], [second]);
  try {
    return await run();
  } finally {
    put(all, all);
  }
}
