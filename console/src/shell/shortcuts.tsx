import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";
import { useEffect, useRef } from "react";
import { usePreferences } from "~/api/preferences";
import { useTexts } from "~/i18n/texts";
import { createStore } from "~/store";
import { shellTexts } from "./texts";

interface Shortcut {
  text: string;
  run: () => void;
  /** Where the key means something; elsewhere the browser has it. */
  when?: () => boolean;
}

/** By what is pressed: `c`, or `g p` for one after the other. The last that was set wins. */
const known = createStore<ReadonlyMap<string, Shortcut>>(new Map());

/** Sets shortcuts while the component is there. */
export function useShortcuts(shortcuts: Record<string, Shortcut | undefined>) {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const signature = JSON.stringify(Object.entries(shortcuts).map(([keys, one]) => [keys, one?.text]));
  useEffect(() => {
    const mine = (JSON.parse(signature) as [string, string | null][]).flatMap(([keys, text]) =>
      text
        ? [
            [
              keys,
              {
                text,
                run: () => latest.current[keys]?.run(),
                when: () => latest.current[keys]?.when?.() ?? true,
              },
            ] as const,
          ]
        : [],
    );
    known.set((now) => new Map([...now, ...mine]));
    return () =>
      known.set(
        (now) => new Map([...now].filter(([keys, one]) => !mine.some(([k, m]) => k === keys && m === one))),
      );
  }, [signature]);
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [role=textbox]"));

/** Listens for the keys, unless the user has switched them off. */
export function ShortcutListener() {
  const [{ shortcuts }] = usePreferences();
  const before = useRef({ key: "", at: 0 });
  useEffect(() => {
    if (shortcuts === false) return;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target))
        return;
      if (document.querySelector("[role=dialog]")) return;
      const first = Date.now() - before.current.at < 1_500 ? before.current.key : "";
      const key = event.key === " " ? "Space" : event.key;
      const found = known.get().get(`${first} ${key}`) ?? known.get().get(key);
      before.current = { key, at: Date.now() };
      if (!found?.when?.()) return;
      event.preventDefault();
      before.current.key = "";
      found.run();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [shortcuts]);
  return null;
}

/** The list of what can be pressed here. */
export function ShortcutList({ close }: { close: () => void }) {
  const t = useTexts(shellTexts);
  const [{ shortcuts }] = usePreferences();
  const all = known.use();
  return (
    <Modal visible onDismiss={close} header={t("keys.title")}>
      {shortcuts === false && <Box padding={{ bottom: "s" }}>{t("keys.off")}</Box>}
      <dl className="lg-keys">
        <dt>
          <kbd>Ctrl</kbd> <kbd>K</kbd>
        </dt>
        <dd>{t("keys.search")}</dd>
        {[...all].map(([keys, { text }]) => (
          <div key={keys} className="lg-keys-row">
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
