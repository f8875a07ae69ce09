import Icon from "@cloudscape-design/components/icon";
import Spinner from "@cloudscape-design/components/spinner";
import { useEffect, useRef, useState } from "react";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { short } from "~/ui/Copy";
import { type ParsedId, parseIds } from "~/ui/ids";
import type { Chip } from "./chips";
import { texts } from "./texts";

interface Props {
  chips: Chip[];
  add: (ids: ParsedId[]) => void;
  remove: (ids: string[]) => void;
  takesFocus?: boolean;
}

/** The box for ids: what is typed or pasted becomes chips at the first comma, space or new line. */
export function IdBox({ chips, add, remove, takesFocus }: Props) {
  const t = useTexts(texts);
  const w = useWords();
  const [typed, setTyped] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  // The dialog takes the focus for itself first; it was opened to fill this field.
  useEffect(() => {
    if (!takesFocus) return;
    const timer = setTimeout(() => field.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, [takesFocus]);
  const take = (text: string) => {
    add(parseIds(text));
    setTyped("");
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a click beside the chips only moves the focus into the field
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field itself takes the keys
    <div className="lg-idbox" onClick={() => field.current?.focus()}>
      <ul className="lg-chips">
        {chips.map((chip) => (
          <li key={chip.id} className={`lg-chip lg-chip-${chip.state}`} title={chip.why ?? chip.id}>
            {chip.state === "checking" ? (
              <Spinner size="normal" />
            ) : (
              <Icon
                size="small"
                name={
                  chip.state === "good"
                    ? "status-positive"
                    : chip.state === "bad"
                      ? "status-warning"
                      : "status-info"
                }
              />
            )}
            <span>
              {chip.name ? `${chip.name} · ${short(chip.id)}` : short(chip.id)}
              {chip.state === "has" && ` ${chip.why}`}
              {chip.state === "checking" && <span className="lg-hidden"> {t("checking")}</span>}
            </span>
            <button
              type="button"
              className="lg-plain"
              aria-label={t("removeChip", { id: chip.name ?? chip.id })}
              onClick={() => remove([chip.id])}
            >
              <Icon name="close" size="small" />
            </button>
          </li>
        ))}
      </ul>
      <textarea
        ref={field}
        rows={1}
        value={typed}
        spellCheck={false}
        autoComplete="off"
        placeholder={t("typing")}
        aria-label={w("label.tenantIds")}
        onChange={({ target }) =>
          /[\s,，、;；]$/.test(target.value) && !/-share:/.test(target.value)
            ? take(target.value)
            : setTyped(target.value)
        }
        onPaste={(event) => {
          event.preventDefault();
          take(typed + event.clipboardData.getData("text"));
        }}
        onBlur={() => take(typed)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            take(typed);
          }
          const last = chips.at(-1);
          if (event.key === "Backspace" && typed === "" && last) remove([last.id]);
        }}
      />
    </div>
  );
}
