import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasPage } from "~/pages";
import { useFirstFocus } from "~/ui/focus";
import { useNavigation } from "./navigation";
import { shellTexts } from "./texts";

interface Entry {
  group: string;
  text: string;
  hint?: string;
  path: string;
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Jumps to pages, images and actions by what is typed. */
export function Palette({ close }: { close: () => void }) {
  const t = useTexts(shellTexts);
  const w = useWords();
  const navigate = useNavigate();
  const field = useFirstFocus();
  const { api, key, path } = usePlace();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const wanted = useDeferredValue(typed.trim());
  const navigation = useNavigation();
  const images = useQuery({
    queryKey: [...key, "images", "palette", wanted],
    queryFn: async ({ signal }) => {
      if (UUID.test(wanted)) {
        const params = { path: { id: wanted } };
        return ok(api.GET("/api/v1/images/{id}", { params, signal })).then(
          (image) => [image],
          () => [],
        );
      }
      const query = { view: "all", q: wanted, limit: 8 };
      return (await ok(api.GET("/api/v1/images", { params: { query }, signal }))).images;
    },
    enabled: wanted.length > 1,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const listOf = {
    owner: "images/private",
    recipient: "images/shared",
    public: "images/public",
    market: "images/market",
  } as const;
  const entries: Entry[] = [
    ...navigation.flatMap((item) => ({ group: t("palette.pages"), text: item.text, path: item.path })),
    { group: t("palette.actions"), text: w("act.create"), path: path("images/new") },
    { group: t("palette.actions"), text: w("act.share"), path: path("images/private") },
    { group: t("palette.actions"), text: w("act.rejectedList"), path: path("images/shared/rejected") },
  ]
    .filter((one) => one.text.toLowerCase().includes(wanted.toLowerCase()))
    .filter((one) => one.path !== path("images/new") || hasPage("project", "images/new"))
    .concat(
      (wanted.length > 1 ? (images.data ?? []) : []).map((image) => ({
        group: t("palette.images"),
        text: image.name ?? image.id,
        hint: `${w(`short.${image.kind}`)} · ${image.owner.name ?? image.owner.id}`,
        path: hasPage("project", "images/:id")
          ? path(`images/${image.id}/summary`)
          : path(`${listOf[image.relation as keyof typeof listOf] ?? "images/private"}?sel=${image.id}`),
      })),
    );
  const open = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    void navigate(entry.path);
  };
  return (
    <Modal
      visible
      onDismiss={close}
      header={t("palette.title")}
      footer={<span className="lg-small">{t("palette.hint")}</span>}
    >
      <Input
        ref={field}
        type="search"
        value={typed}
        placeholder={t("header.search")}
        ariaLabel={t("header.search")}
        nativeInputAttributes={{
          role: "combobox",
          "aria-expanded": true,
          "aria-controls": "palette",
          "aria-activedescendant": `palette-${at}`,
        }}
        onChange={({ detail }) => {
          setTyped(detail.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const { key } = event.detail;
          if (key === "ArrowDown" || key === "ArrowUp") {
            event.preventDefault();
            setAt(
              (now) => (now + (key === "ArrowDown" ? 1 : entries.length - 1)) % Math.max(entries.length, 1),
            );
          }
          if (key === "Enter") open(entries[at]);
        }}
      />
      <div id="palette" role="listbox" aria-label={t("palette.title")} className="lg-palette">
        {entries.map((entry, index) => (
          <div key={`${entry.group}/${entry.path}`}>
            {entries[index - 1]?.group !== entry.group && (
              <div className="lg-palette-group" role="presentation">
                {entry.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard in the field above */}
            <div
              id={`palette-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className="lg-palette-one"
              onMouseMove={() => setAt(index)}
              onClick={() => open(entry)}
            >
              {entry.text}
              {entry.hint && <span className="lg-muted">{entry.hint}</span>}
            </div>
          </div>
        ))}
        {entries.length === 0 && <p className="lg-muted">{t("palette.none")}</p>}
      </div>
    </Modal>
  );
}
