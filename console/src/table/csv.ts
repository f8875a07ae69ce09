/** What a table's export has in a cell. */
export type Cell = string | number;

/** One field: quoted where needed, and never a formula for a spreadsheet. */
function field(cell: Cell): string {
  const value = String(cell);
  const safe = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const toCsv = (rows: Cell[][]): string =>
  `\uFEFF${rows.map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;

export function download(
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  type = "text/csv;charset=utf-8",
) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
