import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Empty, List } from "~/table/List";
import type { Column, Load } from "~/table/types";
import { Named } from "~/ui/Named";
import { Page } from "~/ui/Page";
import { texts } from "./texts";

type Feedback = Schema<"FeedbackView">;

const KEY = ["operator", "feedback"];
const idOf = (one: Feedback) => `${one.user}/${one.page}`;

/** What people say of the pages of the console. */
export default function FeedbackPage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const load: Load<Feedback> = useCallback(
    async ({ limit, marker }, signal) => {
      const query = { limit: Number(limit), marker: marker as string | undefined };
      const page = await ok(api.GET("/api/v1/feedback", { params: { query }, signal }));
      return { rows: page.feedback, next: page.next };
    },
    [api],
  );
  const columns = useMemo(
    (): Column<Feedback>[] => [
      {
        id: "page",
        header: t("page"),
        width: 200,
        cell: (one) => <span className="lg-row-name">{one.page}</span>,
        csv: (one) => one.page,
      },
      {
        id: "helpful",
        header: t("helpful"),
        width: 120,
        cell: (one) => (
          <StatusIndicator type={one.helpful ? "success" : "warning"}>
            {t(one.helpful ? "yes" : "no")}
          </StatusIndicator>
        ),
        csv: (one) => String(one.helpful),
      },
      {
        id: "words",
        header: t("words"),
        minWidth: 200,
        cell: (one) => one.text ?? "–",
        csv: (one) => one.text,
      },
      { id: "who", header: t("who"), width: 140, cell: (one) => one.user_name, csv: (one) => one.user_name },
      {
        id: "project",
        header: t("project"),
        width: 200,
        cell: (one) => <Named id={one.project} isTenant />,
        csv: (one) => one.project,
      },
      { id: "when", header: t("when"), width: 130, cell: (one) => <Ago at={one.at} />, csv: (one) => one.at },
    ],
    [t],
  );
  return (
    <Page title={t("feedback")} path="/operator/feedback" text={t("feedback.text")}>
      <List<Feedback>
        id="operator-feedback"
        title={t("feedback")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={(one) => one.page}
        columns={columns}
        cli={() => "lend operator feedback"}
        empty={<Empty title={t("feedback.empty")} />}
      />
    </Page>
  );
}
