import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { to } from "~/shell/links";
import { toast } from "~/shell/messages";
import { copy } from "~/ui/Copy";
import { tableTexts } from "./texts";
import type { Act } from "./types";

interface Props {
  id: string;
  name: string;
  acts: Act[];
  path?: string;
  cli?: string;
  /** Shows this word instead of the dots. */
  text?: string;
}

/** The menu of a row: its acts, refused ones with their reason, then what can be copied. */
export function RowMenu({ id, name, acts, path, cli, text }: Props) {
  const t = useTexts(tableTexts);
  const w = useWords();
  const copied = (what: string) =>
    void copy(what).then(() => toast({ kind: "success", text: t("copiedToast", { text: what }) }));
  const copies: Act[] = [
    { id: "copy-id", text: w("act.copyId"), run: () => copied(id) },
    ...(path
      ? [{ id: "copy-link", text: w("act.copyLink"), run: () => copied(location.origin + to(path)) }]
      : []),
    ...(cli ? [{ id: "copy-cli", text: w("act.copyCli"), run: () => copied(cli) }] : []),
  ];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keeps the click from opening the row's panel
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <span onClick={(event) => event.stopPropagation()} className="lg-nowrap">
      <ButtonDropdown
        variant={text ? "normal" : "inline-icon"}
        expandToViewport
        ariaLabel={text ? `${text} – ${t("actionsOf", { name })}` : t("actionsOf", { name })}
        items={[
          ...(acts.length ? [{ id: "acts", items: acts.map(item) }] : []),
          { id: "copies", items: copies.map(item) },
        ]}
        onItemClick={({ detail }) => [...acts, ...copies].find((act) => act.id === detail.id)?.run?.()}
      >
        {text}
      </ButtonDropdown>
    </span>
  );
}

export const item = ({ id, text, refused, href }: Act) => ({
  id,
  text,
  href: href && !refused ? href : undefined,
  disabled: refused !== undefined,
  disabledReason: refused,
});
