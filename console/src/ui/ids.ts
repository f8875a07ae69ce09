/** An id out of what was typed or pasted; a sharing card names its region as well. */
export interface ParsedId {
  id: string;
  region?: string;
}

const CARD = /[a-z]+-share:([\w.-]+)\/([^\s,，、;；()（）]+)(?:\s*[（(][^)）]*[)）])?/gi;
const BETWEEN = /[\s,，、;；]+/;

/**
 * The ids in a text: between commas (Chinese ones too), semicolons, spaces or new lines, or in sharing
 * cards (`lendglass-share:r1/4f0c… (project-b, bob)`). Each once, in their order.
 */
export function parseIds(text: string): ParsedId[] {
  const found: ParsedId[] = [];
  const marked = text.replaceAll(CARD, (_card, region: string, id: string) => ` ${region}\u0000${id} `);
  for (const piece of marked.split(BETWEEN)) {
    if (!piece) continue;
    const [first = "", second] = piece.split("\u0000");
    const one: ParsedId = second === undefined ? { id: first } : { id: second, region: first };
    if (!found.some((known) => known.id === one.id)) found.push(one);
  }
  return found;
}

/** 32 hex digits, a UUID, a number, or an e-mail address. */
export function looksLikeId(id: string): boolean {
  return /^([0-9a-f]{32}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4,20}|[^\s@<>]+@[^\s@<>]+)$/i.test(id);
}

export const sharingCard = (region: string, id: string, project: string, user: string): string =>
  `lendglass-share:${region}/${id} (${project}, ${user})`;
