import { useCallback, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import type { Job, Schema } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Help } from "~/shell/frame";
import { Go } from "~/shell/links";
import { Empty, List } from "~/table/List";
import type { Load } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { Page } from "~/ui/Page";
import { Picture } from "~/ui/Picture";
import { RangePicker, useRange } from "~/ui/range/RangePicker";
import { boundsOf } from "~/ui/range/range";
import {
  isOpen,
  JobProgress,
  JobState,
  useCancel,
  useCancelRefusal,
  useJobDuration,
  useJobKind,
  useJobResult,
  useJobTitle,
  useRetry,
  useStarter,
} from "./shared";
import { texts } from "./texts";

const idOf = (job: Job) => job.id;

/** The project's jobs, newest first. */
export default function JobList() {
  const t = useTexts(texts);
  const { api, path } = usePlace();
  const title = useJobTitle();
  const range = useRange();
  const { user } = useSession();
  const retry = useRetry();
  const kind = useJobKind();
  const result = useJobResult();
  const starter = useStarter();
  const duration = useJobDuration();
  const refused = useCancelRefusal();
  const cancel = useCancel();
  const [asked, setAsked] = useState<Job>();
  const load = useCallback<Load<Job>>(
    async ({ sort: _, total: __, ...query }, signal) => {
      const asked = { ...query, ...boundsOf(range, Date.now()) } as object;
      const page: Schema<"JobPage"> = await ok(api.GET("/api/v1/jobs", { params: { query: asked }, signal }));
      return { rows: page.jobs, next: page.next };
    },
    [api, range],
  );
  return (
    <Page title={t("title")} path={path("jobs")}>
      <List<Job>
        id="jobs"
        title={t("title")}
        queryKey={["jobs", "list", range.last ?? "", range.from ?? "", range.to ?? ""]}
        load={load}
        rowId={idOf}
        rowName={title}
        rowPath={(job) => path(`jobs/${job.id}`)}
        cli={(job) => `lend job show ${job.id}`}
        freeText={null}
        isPassing={(jobs) => jobs.some(isOpen)}
        above={<RangePicker />}
        columns={[
          {
            id: "job",
            header: t("job"),
            width: 250,
            cell: (job) => (
              <span data-row className="lg-row-name">
                <Go to={path(`jobs/${job.id}`)}>{title(job)}</Go>
              </span>
            ),
            csv: title,
          },
          {
            id: "type",
            header: t("type"),
            width: 155,
            spare: 1,
            cell: (job) => kind(job.kind),
            csv: ({ kind }) => kind,
          },
          {
            id: "status",
            header: t("status"),
            width: 165,
            cell: (job) => <JobState job={job} />,
            csv: ({ state }) => state,
          },
          {
            id: "progress",
            header: t("progress"),
            width: 130,
            cell: (job) => <JobProgress job={job} />,
            csv: (job) => job.progress_percent,
          },
          {
            id: "result",
            header: t("result"),
            width: 110,
            cell: (job) => <span title={job.failure?.message}>{job.failure?.code ?? result(job)}</span>,
            csv: (job) => job.failure?.code ?? result(job),
          },
          {
            id: "by",
            header: t("by"),
            width: 120,
            cell: (job) => starter(job),
            csv: ({ user }) => user,
          },
          {
            id: "started",
            header: t("started"),
            width: 120,
            cell: (job) => <Ago at={job.created_at} />,
            csv: (job) => job.created_at,
          },
          { id: "duration", header: t("duration"), width: 110, spare: 2, cell: duration, csv: duration },
          {
            id: "image",
            header: t("image"),
            isHidden: true,
            cell: (job) => (job.image ? <CopyText text={job.image} whole={false} /> : "–"),
            csv: ({ image }) => image,
          },
          { id: "id", header: t("id"), isHidden: true, cell: (job) => <CopyText text={job.id} />, csv: idOf },
        ]}
        filters={[
          {
            key: "state",
            label: t("status"),
            values: t("filter.states"),
            options: (["ready", "running", "succeeded", "failed"] as const).map((value) => ({
              value,
              label: `${value} (${t(`state.${value}`)})`,
            })),
          },
          {
            key: "kind",
            label: t("type"),
            values: t("filter.kinds"),
            options: ["share", "image_replicate", "image_copy", "server_image"].map((value) => ({
              value,
              label: `${value} (${kind(value)})`,
            })),
          },
          { key: "image", label: t("filter.image"), values: t("filter.image") },
          {
            key: "user",
            label: t("by"),
            values: t("users"),
            options: [{ value: user.id, label: `${user.id} (${t("byYou")})` }],
          },
        ]}
        menu={(job) => [
          { id: "cancel", text: t("cancel"), refused: refused(job), run: () => setAsked(job) },
          retry(job),
        ]}
        empty={
          range.last || range.from ? (
            <Empty title={t("emptyRange")} />
          ) : (
            <Empty picture={<Picture of="inbox" />} title={t("empty")} text={t("emptyText")} />
          )
        }
      />
      {asked && (
        <Confirm
          title={t("cancel.title")}
          verb={t("cancel.do")}
          run={async () => {
            await cancel.mutateAsync(asked.id);
          }}
          close={() => setAsked(undefined)}
        >
          {title(asked)} – {t("cancel.text")}
        </Confirm>
      )}
      <Help title={t("title")}>
        <p>{t("emptyText")}</p>
        <p>{t("help.text")}</p>
      </Help>
    </Page>
  );
}
