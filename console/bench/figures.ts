import { readdirSync, readFileSync } from "node:fs";
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** Prints the figures that a bench has told, in lines of name, figure and goal. */
export default class Figures implements Reporter {
  onStdOut(piece: string | Buffer) {
    process.stdout.write(piece);
  }

  onTestEnd(test: TestCase, { status, errors }: TestResult) {
    if (status === "passed") return;
    process.stderr.write(`${test.title}: ${status}\n${errors.map(({ message }) => message).join("\n")}\n`);
  }

  printsToStdio() {
    return true;
  }
}

/** Tells a figure beside its goal. */
export function tell(name: string, figure: string, goal = "") {
  process.stdout.write(`${name.padEnd(58)} ${figure.padStart(14)}   ${goal && `goal ${goal}`}\n`);
}

export const median = (all: number[]): number => [...all].sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN;
export const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

/** What the browser has taken of processors so far, in ms: all its processes that live, this one has begun them. */
export function browserCpu(): number {
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
  const isOurs = (id: number): boolean => id === process.pid || (id > 1 && isOurs(seen.get(id)?.parent ?? 0));
  return [...seen].reduce((sum, [id, { name, ms }]) => sum + (/^chrom/.test(name) && isOurs(id) ? ms : 0), 0);
}
