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
