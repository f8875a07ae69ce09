import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import type { Image, Job } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { hasPage } from "~/pages";
import { Go } from "~/shell/links";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { type SmallRow, SmallTable } from "~/ui/SmallTable";
import { type Event, readEvents } from "./events";
import { texts } from "./texts";

const STEP = 20;

/** What was done to an image, and the jobs about it. */
export function ActivityTab({ image }: { image: Image }) {
  return (
    <SpaceBetween size="l">
      <Jobs image={image} />
      <Events image={image} />
    </SpaceBetween>
  );
}

interface PartProps<Row> {
  title: string;
  none: string;
  heads: string[];
  rows: Row[];
  row: (row: Row) => SmallRow;
  query: {
    error: unknown;
    isPending: boolean;
    refetch: () => unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
}

function Part<Row>({ title, none, heads, rows, row, query }: PartProps<Row>) {
  const t = useTexts(texts);
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      {query.error ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Spinner />
      ) : rows.length === 0 ? (
        <Box color="text-body-secondary">{none}</Box>
      ) : (
        <SmallTable heads={heads} rows={rows.map(row)} />
      )}
      {query.hasNextPage && (
        <Button variant="link" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("activity.more")}
        </Button>
      )}
    </Container>
  );
}

const JOB: Record<Job["state"], StatusIndicatorProps.Type> = {
  ready: "pending",
  running: "in-progress",
  succeeded: "success",
  failed: "error",
};
const KINDS = ["share", "image_replicate", "image_copy", "server_image"] as const;
const isRunning = (job: Job) => job.state === "ready" || job.state === "running";

function Jobs({ image }: { image: Image }) {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const query = useInfiniteQuery({
    queryKey: [...key, "jobs", "of", image.id],
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/api/v1/jobs", {
          params: { query: { image: image.id, limit: STEP, marker: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.jobs.some(isRunning)) ? 2_000 : false,
  });
  return (
    <Part<Job>
      title={t("activity.jobs")}
      none={t("activity.noJobs")}
      heads={[t("activity.job"), t("activity.status"), t("activity.result"), t("activity.when"), "ID"]}
      rows={query.data?.pages.flatMap((page) => page.jobs) ?? []}
      query={query}
      row={(job) => {
        const kind = KINDS.find((one) => one === job.kind);
        const good = job.results.filter((pair) => pair.outcome !== "refused").length;
        return {
          id: job.id,
          cells: [
            kind ? t(`job.${kind}`) : job.kind,
            <StatusIndicator key="state" type={JOB[job.state]}>
              {job.state === "running"
                ? t("state.running", { n: job.progress_percent })
                : t(`state.${job.state}`)}
            </StatusIndicator>,
            job.failure?.message ??
              (job.results.length ? t("activity.pairs", { good, all: job.results.length }) : "–"),
            <Ago key="at" at={job.created_at} />,
            hasPage("project", "jobs/:id") ? (
              <Go key="link" to={path(`jobs/${job.id}`)}>
                {job.id.slice(0, 8)}
              </Go>
            ) : (
              <CopyText key="id" text={job.id} whole={false} />
            ),
          ],
        };
      }}
    />
  );
}

const RESULT: Record<string, StatusIndicatorProps.Type> = {
  ok: "success",
  refused: "warning",
  failed: "error",
};

function Events({ image }: { image: Image }) {
  const t = useTexts(texts);
  const { api, key, project } = usePlace();
  const { user } = useSession();
  const query = useInfiniteQuery({
    queryKey: [...key, "image", image.id, "events"],
    queryFn: ({ pageParam }) => readEvents(api, { target: image.id, limit: STEP, marker: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const verbs = Object.keys(texts.entries);
  const said = (verb: string) => {
    const known = `verb.${verb}`;
    return verbs.includes(known) ? t(known as "verb.image.create") : verb;
  };
  return (
    <Part<Event>
      title={t("activity.events")}
      none={t("activity.noEvents")}
      heads={[
        t("activity.what"),
        t("activity.when"),
        t("activity.who"),
        t("activity.other"),
        t("activity.result"),
        t("activity.details"),
      ]}
      rows={query.data?.pages.flatMap((page) => page.events) ?? []}
      query={query}
      row={(event) => {
        const result = (["ok", "refused", "failed"] as const).find((one) => one === event.result);
        return {
          id: event.id,
          cells: [
            <span key="verb" title={event.verb}>
              {said(event.verb)}
            </span>,
            <Ago key="at" at={event.at} />,
            event.user === user.id ? (
              <span key="self" title={event.user}>
                {t("activity.you")}
              </span>
            ) : (
              <CopyText key="id" text={event.user ?? event.project} whole={false} />
            ),
            event.counterpart && event.counterpart.id !== project ? (
              <CopyText key="id" text={event.counterpart.id} whole={false} />
            ) : (
              "–"
            ),
            <span key="result">
              <StatusIndicator type={RESULT[event.result] ?? "info"}>
                {result ? t(`result.${result}`) : event.result}
              </StatusIndicator>
              {event.code && <div className="lg-small">{event.code}</div>}
            </span>,
            <span key="detail" className="lg-mono lg-small">
              {event.detail ?? "–"}
            </span>,
          ],
        };
      }}
    />
  );
}
