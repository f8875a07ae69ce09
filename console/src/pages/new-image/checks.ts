import { usePolicy } from "~/api/context";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { type Draft, gibOf, tagsOf } from "./draft";
import { texts } from "./texts";

/** What is wrong with a draft, by field. The server decides; this is said before anything is sent. */
export interface Wrong {
  file?: string;
  sha256?: string;
  backup?: string;
  name?: string;
  disk?: string;
  memory?: string;
  description?: string;
  tags?: string;
  recipients?: string;
  ack?: string;
}

/** The fields of each step, so that a step is left only when its own are right. */
export const FIELDS: readonly (readonly (keyof Wrong)[])[] = [
  ["file", "sha256", "backup"],
  ["name", "disk", "memory", "description", "tags"],
  ["recipients", "ack"],
  [],
];

const ARCHIVES = ["OVA", "tar", "gzip", "xz", "zstd", "bzip2", "zip", "7z"];
const STRICT_NAME = /^[\p{L}\p{N}_.-](?:[\p{L}\p{N} _.-]*[\p{L}\p{N}_.-])?$/u;
const isWhole = (text: string) => text === "" || /^\d{1,9}$/.test(text.trim());

export function useNameRule() {
  const t = useTexts(texts);
  const policy = usePolicy();
  const most = policy("image.name_max");
  const max = typeof most === "number" ? most : 255;
  const isFree = policy("image.name_free") !== false;
  return {
    hint: t(isFree ? "nameHintFree" : "nameHint", { max }),
    check: (name: string): string | undefined => {
      if (name.trim() === "" || [...name.trim()].length > max) return t("bad.nameLength", { max });
      return isFree || STRICT_NAME.test(name.trim()) ? undefined : t("bad.name", { max });
    },
  };
}

/** Says why a file cannot be used. */
export function useFileCheck(maxBytes: number | null | undefined) {
  const t = useTexts(texts);
  const { bytes } = useFormat();
  return ({ file, probe, kind }: Draft): string | undefined => {
    if (!file || !probe) return t("bad.noFile");
    if (file.size === 0) return t("bad.empty", { file: file.name });
    if (maxBytes && file.size > maxBytes)
      return t("bad.large", { file: file.name, size: bytes(file.size), max: bytes(maxBytes) });
    if (probe.format === null)
      return t(ARCHIVES.includes(probe.label) ? "bad.archive" : "bad.unknown", {
        file: file.name,
        found: probe.label,
      });
    if (probe.backing !== undefined)
      return probe.backing ? t("bad.backing", { x: probe.backing }) : t("bad.backingUnnamed");
    if (kind === "iso" && probe.format !== "iso") return t("bad.iso", { found: probe.label });
    return undefined;
  };
}

export function useChecks(maxBytes: number | null | undefined) {
  const t = useTexts(texts);
  const { number } = useFormat();
  const policy = usePolicy();
  const name = useNameRule();
  const fileWrong = useFileCheck(maxBytes);
  return (draft: Draft): Wrong => {
    const isServer = draft.kind === "full_server";
    const most = policy("tags.max");
    const virtual = draft.probe?.virtualBytes ?? 0;
    const need = draft.kind === "iso" ? 0 : gibOf(virtual);
    return {
      file: isServer ? undefined : fileWrong(draft),
      sha256: isServer || /^([0-9a-f]{64})?$/i.test(draft.sha256.trim()) ? undefined : t("bad.sha256"),
      backup: isServer && !draft.backup ? t("bad.noBackup") : undefined,
      name: name.check(draft.name),
      disk: isServer
        ? undefined
        : !isWhole(draft.disk)
          ? t("bad.number")
          : draft.disk !== "" && Number(draft.disk) < need
            ? t("bad.disk", { need, bytes: number(virtual) })
            : undefined,
      memory: isWhole(draft.memory) ? undefined : t("bad.number"),
      description:
        draft.description.length > 1024 || /[<>\n\r]/.test(draft.description)
          ? t("bad.description")
          : undefined,
      tags:
        typeof most === "number" && tagsOf(draft).length > most ? t("bad.tags", { max: most }) : undefined,
      ack:
        policy("share.require_ack") === true && draft.recipients.length > 0 && !draft.isChecked
          ? t("bad.ack")
          : undefined,
    };
  };
}
