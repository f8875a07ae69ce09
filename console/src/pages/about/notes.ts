export type Block =
  | { is: "heading"; level: number; text: string }
  | { is: "list"; items: string[] }
  | { is: "text"; text: string };

/** The blocks of release notes: headings, lists and paragraphs, as Markdown writes them. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let isOpen = false;
  for (const line of markdown.split(/\r?\n/)) {
    const [, marks, heading] = /^(#{1,4})\s+(.*)$/.exec(line) ?? [];
    const [, item] = /^[-*]\s+(.*)$/.exec(line) ?? [];
    const last = blocks.at(-1);
    if (line.trim() === "") {
      isOpen = false;
    } else if (marks !== undefined && heading !== undefined) {
      blocks.push({ is: "heading", level: marks.length, text: heading });
      isOpen = false;
    } else if (item !== undefined) {
      if (last?.is === "list") last.items.push(item);
      else blocks.push({ is: "list", items: [item] });
      isOpen = true;
    } else if (isOpen && last?.is === "list") {
      last.items[last.items.length - 1] += ` ${line.trim()}`;
    } else if (isOpen && last?.is === "text") {
      last.text += ` ${line.trim()}`;
    } else {
      blocks.push({ is: "text", text: line.trim() });
      isOpen = true;
    }
  }
  return blocks;
}

/** Text and code, in turn. */
export const piecesOf = (text: string): string[] => text.split("`");
