import Button from "@cloudscape-design/components/button";
import { useEffect, useRef } from "react";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { Go } from "~/shell/links";
import { texts } from "./texts";
import { trayOpen, uploads } from "./tray";
import { UploadRow } from "./UploadRow";

/** The uploads of this user, over whatever page is on show. */
export default function Tray() {
  const t = useTexts(texts);
  const { path } = usePlace();
  const all = uploads.use();
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.focus();
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && place.current?.contains(document.activeElement)) trayOpen.set(false);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <aside className="lg-tray" ref={place} tabIndex={-1} aria-label={t("title")}>
      <div className="lg-spread">
        <h2>{t("title")}</h2>
        <Button variant="icon" iconName="close" ariaLabel={t("close")} onClick={() => trayOpen.set(false)} />
      </div>
      {all.map((upload) => (
        <UploadRow key={upload.image} upload={upload} />
      ))}
      <p className="lg-muted">{all.length ? t("leave") : t("page.empty")}</p>
      <Go to={path("uploads")}>{t("all")}</Go>
    </aside>
  );
}
