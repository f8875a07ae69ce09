import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { usePreferences } from "~/api/preferences";
import { useSession } from "~/api/session";
import type { Schema } from "~/api/types";
import { Ago, useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { nameOf } from "~/images/columns";
import { usePending } from "~/images/queries";
import { hasPage } from "~/pages";
import { useFrame } from "~/shell/frame";
import { Go, to } from "~/shell/links";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { Target } from "../audit/Target";
import { texts as auditTexts } from "../audit/texts";
import { VERBS } from "../audit/verbs";
import { JobState, useJobTitle } from "../jobs/shared";
import { FirstMinute } from "./FirstMinute";
import { texts } from "./texts";
import { Ways } from "./Ways";

const SOME = 5;
const MANY = 200;
const FIRST_MINUTE = "first-minute";
const GET_STARTED = "get-started";

/** What waits, what runs, what is left of the quotas, what has happened. */
export default function Overview() {
  const t = useTexts(texts);
  const { path } = usePlace();
  const { demo } = useSession();
  const [{ dismissed = [] }, change] = usePreferences();
  useFrame(t("title"), [{ text: t("title"), href: path("overview") }]);
  const card = demo ? FIRST_MINUTE : GET_STARTED;
  const dismiss = () => change(({ dismissed = [] }) => ({ dismissed: [...new Set([...dismissed, card])] }));
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t("title")}</Header>
      {!dismissed.includes(card) &&
        (demo ? <FirstMinute dismiss={dismiss} /> : <GetStarted dismiss={dismiss} />)}
      <div className="lg-cards">
        <Waiting />
        <SharedByYou />
        <Jobs />
        <Quotas />
      </div>
      <Activity />
    </SpaceBetween>
  );
}

/** A card whose content is read from the server. */
function Card<T>({
  title,
  query,
  actions,
  children,
}: {
  title: string;
  query: UseQueryResult<T>;
  actions?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" actions={actions}>
          {title}
        </Header>
      }
    >
      {query.data !== undefined ? (
        children(query.data)
      ) : query.error ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Spinner />
      )}
    </Container>
  );
}

function Waiting() {
  const t = useTexts(texts);
  const { api, key, path, project } = usePlace();
  const pending = usePending();
  const query = useQuery({
    queryKey: [...key, "images", "pending", "first"],
    queryFn: () =>
      ok(
        api.GET("/api/v1/images", {
          params: { query: { view: "received", state: "pending", limit: SOME } },
        }),
      ),
  });
  return (
    <Card
      title={t("waiting.title")}
      query={query}
      actions={
        pending > 0 && (
          <Button variant="primary" href={to(path("images/shared/pending"))}>
            {t("waiting.review")}
          </Button>
        )
      }
    >
      {({ images }) =>
        images.length ? (
          <SpaceBetween size="xs">
            <strong>{t("waiting.some", { n: Math.max(pending, images.length) })}</strong>
            <ul className="lg-plain-list">
              {images.map((image) => (
                <li key={image.id}>
                  <Go to={path(`images/shared/pending?sel=${image.id}`)}>{nameOf(image)}</Go>{" "}
                  <span className="lg-muted">
                    {t("waiting.from", { who: image.owner.name ?? image.owner.id })}
                  </span>
                </li>
              ))}
            </ul>
          </SpaceBetween>
        ) : (
          <SpaceBetween size="xs">
            <span>{t("waiting.none")}</span>
            <span className="lg-muted">{t("waiting.id")}</span>
            <CopyText text={project} />
          </SpaceBetween>
        )
      }
    </Card>
  );
}

function useQuota() {
  const { api, key } = usePlace();
  return useQuery({ queryKey: [...key, "quota"], queryFn: () => ok(api.GET("/api/v1/quota")) });
}

function SharedByYou() {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const { number } = useFormat();
  const quota = useQuota().data?.shared_images;
  const query = useQuery({
    queryKey: [...key, "shares", "given"],
    queryFn: () => ok(api.GET("/api/v1/shares", { params: { query: { as: "owner", limit: MANY } } })),
  });
  return (
    <Card
      title={t("shared.title")}
      query={query}
      actions={<Button href={to(path("images/private?q=shared%3Dtrue"))}>{t("shared.list")}</Button>}
    >
      {({ shares, next }) => {
        const live = shares.filter((share) => share.state !== "rejected");
        // Of a long list only its first page is counted.
        const count = (n: number) => (next ? t("shared.more", { n }) : number(n));
        const images = quota?.used ?? new Set(live.map((share) => share.image.id)).size;
        return (
          <KeyValuePairs
            columns={2}
            items={[
              {
                label: t("shared.images"),
                value:
                  typeof quota?.limit === "number"
                    ? t("shared.of", { n: images, max: quota.limit })
                    : number(images),
              },
              {
                label: t("shared.tenants"),
                value: count(new Set(live.map((share) => share.recipient.id)).size),
              },
              {
                label: t("shared.pending"),
                value: count(shares.filter((share) => share.state === "pending").length),
              },
            ]}
          />
        );
      }}
    </Card>
  );
}

function Jobs() {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const query = useQuery({
    queryKey: [...key, "jobs", "open"],
    queryFn: async () => {
      const pages = await Promise.all(
        ["running", "ready"].map((state) =>
          ok(api.GET("/api/v1/jobs", { params: { query: { state, limit: SOME } } })),
        ),
      );
      return pages.flatMap((page) => page.jobs);
    },
    refetchInterval: ({ state }) => (state.data?.length ? 1_000 : 60_000),
  });
  const title = useJobTitle();
  return (
    <Card
      title={t("jobs.title")}
      query={query}
      actions={<Button href={to(path("jobs"))}>{t("jobs.all")}</Button>}
    >
      {(jobs) =>
        jobs.length ? (
          <SpaceBetween size="s">
            {jobs.map((job) => (
              <div key={job.id}>
                <div className="lg-spread">
                  <Go to={path(`jobs/${job.id}`)}>{title(job)}</Go>
                  <JobState job={job} />
                </div>
                <ProgressBar value={job.progress_percent} ariaLabel={title(job)} />
              </div>
            ))}
          </SpaceBetween>
        ) : (
          t("jobs.none")
        )
      }
    </Card>
  );
}

function Quotas() {
  const t = useTexts(texts);
  const { path } = usePlace();
  const query = useQuota();
  return (
    <Card
      title={t("quota.title")}
      query={query}
      actions={hasPage("project", "quotas") && <Button href={to(path("quotas"))}>{t("quota.title")}</Button>}
    >
      {(quota) => (
        <div className="lg-quotas">
          {(
            [
              ["quota.private", quota.private_images],
              ["quota.shared", quota.shared_images],
              ["quota.vaults", quota.vaults],
              ["quota.capacity", quota.vault_capacity_gib],
            ] as const
          ).map(([name, { used, limit }]) =>
            typeof limit === "number" ? (
              <ProgressBar
                key={name}
                label={t(name)}
                value={Math.min(100, (100 * used) / Math.max(1, limit))}
                additionalInfo={t("quota.used", { n: used, max: limit })}
              />
            ) : (
              <div key={name}>
                <strong>{t(name)}</strong>
                <div>{t("quota.free", { n: used })}</div>
              </div>
            ),
          )}
        </div>
      )}
    </Card>
  );
}

function Activity() {
  const t = useTexts(texts);
  const { call, key, path, project } = usePlace();
  const { user } = useSession();
  const query = useQuery({
    queryKey: [...key, "audit", "recent"],
    queryFn: () => call<Schema<"EventPage">>("GET", "/api/v1/audit?limit=8"),
    refetchInterval: 30_000,
  });
  const a = useTexts(auditTexts);
  const verb = (word: string) =>
    `verb.${word}` in texts.entries
      ? t(`verb.${word}` as "verb.image.create")
      : VERBS.includes(word)
        ? a(`verb.${word}` as "verb.image.create")
        : word;
  return (
    <Card
      title={t("activity.title")}
      query={query}
      actions={hasPage("project", "audit") && <Button href={to(path("audit"))}>{t("activity.all")}</Button>}
    >
      {({ events }) =>
        events.length ? (
          <div className="lg-wide">
            <table className="lg-table">
              <tbody>
                {events.map((event) => (
                  <tr key={event.id}>
                    <td>
                      <Ago at={event.at} />
                    </td>
                    <th scope="row">{verb(event.verb)}</th>
                    <td>
                      <Target event={event} />
                    </td>
                    <td>
                      {event.user === user.id ? (
                        t("activity.you")
                      ) : (
                        <CopyText
                          text={(event.project === project && event.user) || event.project}
                          whole={false}
                        />
                      )}
                    </td>
                    <td>
                      {event.result === "ok" || event.result === "refused" || event.result === "failed"
                        ? t(`result.${event.result}`)
                        : event.result}
                      {event.code && <div className="lg-small">{event.code}</div>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          t("activity.none")
        )
      }
    </Card>
  );
}

function GetStarted({ dismiss }: { dismiss: () => void }) {
  const t = useTexts(texts);
  return (
    <Container
      header={
        <Header variant="h2" actions={<Button onClick={dismiss}>{t("dismiss")}</Button>}>
          {t("start.title")}
        </Header>
      }
    >
      <Ways />
    </Container>
  );
}
