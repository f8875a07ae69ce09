import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { Help } from "~/shell/frame";
import { Page } from "~/ui/Page";
import { EventList } from "./EventList";
import { texts } from "./texts";

/** What happened in the project, and with what it shares. */
export default function AuditPage() {
  const t = useTexts(texts);
  const { path } = usePlace();
  return (
    <Page title={t("title")} path={path("audit")} text={t("text")}>
      <EventList whose="own" />
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
        <p>{t("help.range")}</p>
      </Help>
    </Page>
  );
}
