import { useTexts } from "~/i18n/texts";
import { Page } from "~/ui/Page";
import { EventList } from "./EventList";
import { texts } from "./texts";

/** What happened in every project. */
export default function OperatorAudit() {
  const t = useTexts(texts);
  return (
    <Page title={t("title")} path="/operator/audit" text={t("operatorText")}>
      <EventList whose="all" />
    </Page>
  );
}
