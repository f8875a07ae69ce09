const STEPS = ["", "K", "M", "G", "T", "P"];

/** `10 GB`, `1.5g`, `500 MiB`, `4096`: how many bytes people mean; 1024 of each are one of the next. */
export function bytesOf(text: string): number | undefined {
  const [, number, step = ""] = /^\s*(\d+(?:[.,]\d+)?)\s*([KMGTP]?)I?B?\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number.replace(",", ".")) * 1024 ** STEPS.indexOf(step.toUpperCase()));
}
