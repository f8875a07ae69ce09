import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Toggle from "@cloudscape-design/components/toggle";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { toApiError } from "~/api/errors";
import type { Job, Pair } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { Help, useFrame } from "~/shell/frame";
import { Go } from "~/shell/links";
import { PageLoading } from "~/shell/Shell";
import { ActButton } from "~/table/List";
import { Code } from "~/ui/Code";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { SmallTable } from "~/ui/SmallTable";
import { imagePathOf } from "~/uploads/paths";
import {
  isOpen,
  JobState,
  useCancel,
  useCancelRefusal,
  useEnd,
  useJobDuration,
  useJobKind,
  useJobResult,
  useJobTitle,
  useRetry,
  useStarter,
} from "./shared";
import { texts } from "./texts";

const LIVE = 1_000;

/** One job: how far it is, and what became of each pair. */
export default function JobPage() {
  const t = useTexts(texts);
  const { id = "" } = useParams();
  const { api, key, path, region, info } = usePlace();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...key, "jobs", id],
    queryFn: () => ok(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? LIVE : false),
  });
  const title = useJobTitle();
  useFrame(data ? title(data) : t("job"), [
    { text: t("title"), href: path("jobs") },
    { text: data ? title(data) : id, href: path(`jobs/${id}`) },
  ]);
  if (isPending) return <PageLoading />;
  if (error) {
    return toApiError(error).status === 404 ? (
      <Alert type="info" header={t("missing", { project: info.name, region })}>
        <Go to={path("jobs")}>{t("title")}</Go>
      </Alert>
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  return <Shown job={data} />;
}

function Shown({ job }: { job: Job }) {
  const t = useTexts(texts);
  const { region, project } = usePlace();
  const { exact } = useFormat();
  const title = useJobTitle()(job);
  const retry = useRetry()(job);
  const kind = useJobKind();
  const result = useJobResult();
  const starter = useStarter();
  const duration = useJobDuration();
  const end = useEnd();
  const refused = useCancelRefusal()(job);
  const cancel = useCancel();
  const [isAsked, setAsked] = useState(false);
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button disabled={refused !== undefined} disabledReason={refused} onClick={() => setAsked(true)}>
              {t("cancel")}
            </Button>
            <ActButton act={retry} />
          </SpaceBetween>
        }
      >
        {title}
      </Header>
      {isOpen(job) && (
        <ProgressBar
          value={job.progress_percent}
          label={t("progress")}
          additionalInfo={t(`state.${job.state}`)}
        />
      )}
      {job.failure && (
        <Alert type="error" header={t("failure")}>
          {job.failure.message}
          <div className="lg-small">{job.failure.code}</div>
        </Alert>
      )}
      <Container header={<Header variant="h2">{t("summary")}</Header>}>
        <KeyValuePairs
          columns={4}
          items={[
            { label: t("status"), value: <JobState job={job} /> },
            { label: t("type"), value: kind(job.kind) },
            { label: t("result"), value: result(job) },
            { label: t("by"), value: starter(job) },
            { label: t("started"), value: exact(job.created_at) },
            { label: t("ended"), value: end(job) },
            { label: t("duration"), value: duration(job) },
            { label: t("id"), value: <CopyText text={job.id} /> },
            ...(job.source
              ? [
                  {
                    label: t("source"),
                    value: (
                      <Go to={imagePathOf({ image: job.source, region, project })}>
                        <span className="lg-mono">{job.source}</span>
                      </Go>
                    ),
                  },
                ]
              : []),
            ...(job.image
              ? [
                  {
                    label: t("image"),
                    value: (
                      <Go to={imagePathOf({ image: job.image, region, project })}>
                        <span className="lg-mono">{job.image}</span>
                      </Go>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Container>
      <Results job={job} />
      <ExpandableSection headerText={t("json")} variant="container">
        <SpaceBetween size="m">
          <Code title={t("follow")} text={`lend job show ${job.id}`} />
          <Code title={t("json")} text={JSON.stringify(job, null, 2)} />
        </SpaceBetween>
      </ExpandableSection>
      {isAsked && (
        <Confirm
          title={t("cancel.title")}
          verb={t("cancel.do")}
          run={async () => {
            await cancel.mutateAsync(job.id);
          }}
          close={() => setAsked(false)}
        >
          {t("cancel.text")}
        </Confirm>
      )}
      <Help title={t("title")}>
        <p>{t("help.text")}</p>
      </Help>
    </SpaceBetween>
  );
}

/** What became of each image × tenant. */
function Results({ job: { results: pairs, image_names: names } }: { job: Job }) {
  const t = useTexts(texts);
  const w = useWords();
  const { region, project } = usePlace();
  const [onlyRefused, setOnlyRefused] = useState(false);
  const hasRefused = pairs.some((pair) => pair.outcome === "refused");
  const shown = onlyRefused ? pairs.filter((pair) => pair.outcome === "refused") : pairs;
  return (
    <Container
      header={
        <Header
          variant="h2"
          counter={pairs.length ? `(${shown.length})` : undefined}
          actions={
            hasRefused && (
              <Toggle checked={onlyRefused} onChange={({ detail }) => setOnlyRefused(detail.checked)}>
                {t("onlyRefused")}
              </Toggle>
            )
          }
        >
          {t("results")}
        </Header>
      }
    >
      {pairs.length === 0 ? (
        <span className="lg-muted">{t("resultsNone")}</span>
      ) : (
        <SmallTable
          heads={[t("image"), t("tenant"), t("outcome"), t("why")]}
          rows={shown.map((pair) => ({
            id: `${pair.image}/${pair.recipient}`,
            cells: [
              <Go key="image" to={imagePathOf({ image: pair.image, region, project })}>
                {names[pair.image] ?? <span className="lg-mono">{pair.image}</span>}
              </Go>,
              <span key="tenant">
                {pair.resolved?.name && <span>{pair.resolved.name} · </span>}
                <CopyText text={pair.resolved?.id ?? pair.recipient} whole={false} />
              </span>,
              <StatusIndicator key="outcome" type={pair.outcome === "refused" ? "error" : "success"}>
                {t(`outcome.${pair.outcome}`)}
                {pair.state && ` – ${shareWord(w, pair.state)}`}
              </StatusIndicator>,
              <span key="why">
                {pair.message ?? "–"}
                {pair.code && <div className="lg-small">{pair.code}</div>}
              </span>,
            ],
          }))}
        />
      )}
    </Container>
  );
}

const shareWord = (w: ReturnType<typeof useWords>, state: NonNullable<Pair["state"]>): string =>
  state === "pending" || state === "accepted" || state === "rejected" ? w(`share.${state}`) : state;
