import { toApiError } from "~/api/errors";
import type { Translate } from "~/i18n/texts";
import type { fieldTexts } from "./texts";

/** What a field must hold, asked before the server is: the server's word comes after, and counts. */
type Texts = Translate<typeof fieldTexts.entries>;
type Rule = (rule: string) => unknown;

export const DESCRIPTION_MAX = 1024;
const GIB = 1024 ** 3;
/** The largest number a record takes for a disk or a memory. */
const MOST = 2_147_483_647;

const length = (text: string) => [...text].length;
const numberOf = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);

/** Why an image cannot have this name; nothing where it can. The installation says how free names are. */
export function nameProblem(name: string, rule: Rule, t: Texts): string | undefined {
  const max = numberOf(rule("image.name_max"), 128);
  if (rule("image.name_free") === true) {
    return length(name) > max ? t("name.free", { max }) : undefined;
  }
  const isPlain = /^[\p{L}\p{N} \-_.]+$/u.test(name) && name.trim() === name;
  return isPlain && length(name) <= max ? undefined : t("name.plain", { max });
}

export function descriptionProblem(text: string, t: Texts): string | undefined {
  return length(text) > DESCRIPTION_MAX || /[<>\r\n]/.test(text) ? t("description.rule") : undefined;
}

/** A number typed into a field; nothing typed is 0. */
export const typedNumber = (text: string): number => (text.trim() === "" ? 0 : Number(text));

export function wholeProblem(text: string, t: Texts, min = 0, max = MOST): string | undefined {
  const value = typedNumber(text);
  return Number.isInteger(value) && value >= min && value <= max ? undefined : t("whole", { min, max });
}

/** The smallest disk holds at least the disk inside; 0 leaves it to the disk itself. */
export function diskProblem(
  text: string,
  virtualBytes: number | null | undefined,
  t: Texts,
): string | undefined {
  const value = typedNumber(text);
  const need = Math.ceil((virtualBytes ?? 0) / GIB);
  if (value !== 0 && value < need) return t("disk.need", { need, bytes: virtualBytes ?? 0 });
  return wholeProblem(text, t);
}

export function memoryProblem(min: string, max: string, t: Texts): string | undefined {
  const most = typedNumber(max);
  return wholeProblem(max, t) ?? (most !== 0 && most < typedNumber(min) ? t("memory.order") : undefined);
}

/** At which field a refusal belongs: by the field it names, or by its code; nowhere in particular otherwise. */
export function fieldOf<Field extends string>(
  error: unknown,
  places: Readonly<Record<string, Field>>,
): Field | undefined {
  const { code, detail } = toApiError(error);
  return places[detail.field ?? ""] ?? places[code];
}

/** Key and value of a tag, as `KEY` or `KEY=VALUE`. */
export function splitTag(tag: string): [key: string, value: string | undefined] {
  const at = tag.indexOf("=");
  return at < 0 ? [tag, undefined] : [tag.slice(0, at), tag.slice(at + 1)];
}

export const joinTag = (key: string, value: string): string => (value === "" ? key : `${key}=${value}`);

export function tagProblem(
  key: string,
  value: string,
  has: readonly string[],
  rule: Rule,
  t: Texts,
): string | undefined {
  const max = numberOf(rule("tags.max"), 10);
  if (!key.trim() || key.includes("=") || length(key) > 36 || length(value) > 43 || has.length >= max) {
    return t("tag.rule", { max });
  }
  return has.includes(joinTag(key, value)) ? t("tag.twice") : undefined;
}
