import Button from "@cloudscape-design/components/button";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useCallback, useMemo } from "react";
import { linkTo, ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useNameOf } from "~/api/names";
import type { Schema } from "~/api/types";
import { Ago, useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Empty, List } from "~/table/List";
import { useListState } from "~/table/state";
import type { Column, Filter, Load } from "~/table/types";
import { queryOf } from "~/table/useRows";
import { CopyText } from "~/ui/Copy";
import { Named } from "~/ui/Named";
import { RangePicker, useRange } from "~/ui/range/RangePicker";
import { boundsOf } from "~/ui/range/range";
import { useParamsPatch } from "~/ui/url";
import { Target } from "./Target";
import { texts } from "./texts";
import { VERBS } from "./verbs";

type Event = Schema<"EventView">;
const idOf = (event: Event) => event.id;
const LOOK = { ok: "success", refused: "warning", failed: "error" } as const;
const KEY = { own: ["audit"], all: ["audit", "all"] };

/** A verb in the user's language; one that is newer than the console as it is. */
export function useVerb() {
  const t = useTexts(texts);
  return useCallback(
    (verb: string) => (VERBS.includes(verb) ? t(`verb.${verb}` as "verb.image.create") : verb),
    [t],
  );
}

export function EventResult({ event }: { event: Event }) {
  const t = useTexts(texts);
  const known = event.result in LOOK ? (event.result as keyof typeof LOOK) : undefined;
  if (!known) return <>{event.result}</>;
  return (
    <StatusIndicator type={LOOK[known]}>
      {t(`result.${known}`)}
      {event.code && ` · ${event.code}`}
    </StatusIndicator>
  );
}

/** The trail of the project, or, for the operator, of everybody. */
export function EventList({ whose }: { whose: "own" | "all" }) {
  const t = useTexts(texts);
  const place = usePlace();
  const { api } = place;
  const nameOf = useNameOf();
  const verb = useVerb();
  const { exact } = useFormat();
  const patch = useParamsPatch();
  const { last, from, to } = useRange();
  const { state } = useListState();
  const columns = useMemo(
    (): Column<Event>[] => [
      {
        id: "time",
        header: t("time"),
        width: 115,
        cell: (event) => (
          <button type="button" data-row className="lg-link" onClick={() => patch({ sel: event.id })}>
            <Ago at={event.at} />
          </button>
        ),
        csv: (event) => event.at,
      },
      {
        id: "action",
        header: t("action"),
        width: 165,
        cell: (event) => verb(event.verb),
        csv: (event) => event.verb,
      },
      {
        id: "who",
        header: t("who"),
        width: 220,
        cell: (event) => <Named id={event.user ?? event.project} isTenant={!event.user} />,
        csv: (event) => nameOf(event.user) ?? event.user ?? event.project,
      },
      {
        id: "object",
        header: t("object"),
        width: 220,
        cell: (event) => <Target event={event} />,
        csv: (event) => event.target,
      },
      {
        id: "counterpart",
        header: t("counterpart"),
        spare: 1,
        width: 220,
        cell: (event) => <Named id={event.counterpart?.id} isTenant />,
        csv: (event) => event.counterpart?.id,
      },
      {
        id: "result",
        header: t("result"),
        width: 120,
        cell: (event) => <EventResult event={event} />,
        csv: (event) => (event.code ? `${event.result} ${event.code}` : event.result),
      },
      {
        id: "project",
        header: t("project"),
        cell: (event) => <Named id={event.project} isTenant />,
        csv: (event) => event.project,
        isHidden: whose === "own",
      },
      {
        id: "from",
        header: t("from"),
        cell: (event) => event.source || "–",
        csv: (event) => event.source,
        isHidden: true,
      },
      {
        id: "request",
        header: t("request"),
        width: 130,
        spare: 2,
        cell: (event) => (event.request_id ? <CopyText text={event.request_id} whole={false} /> : "–"),
        csv: (event) => event.request_id,
      },
      {
        id: "region",
        header: t("region"),
        cell: (event) => event.region,
        csv: (event) => event.region,
        isHidden: true,
      },
      {
        id: "facts",
        header: t("facts"),
        cell: (event) => event.detail || "–",
        csv: (event) => event.detail,
        isHidden: true,
      },
      {
        id: "id",
        header: t("eventId"),
        cell: (event) => <CopyText text={event.id} whole={false} />,
        csv: idOf,
        isHidden: true,
      },
    ],
    [t, verb, nameOf, patch, whose],
  );
  const filters = useMemo(
    (): Filter[] => [
      {
        key: "verb",
        label: t("action"),
        values: t("actions"),
        options: VERBS.map((value) => ({ value, label: verb(value) })),
      },
      {
        key: "result",
        label: t("result"),
        values: t("results"),
        options: (["ok", "refused", "failed"] as const).map((value) => ({
          value,
          label: t(`result.${value}`),
        })),
      },
      { key: "target", label: t("object"), values: t("objects") },
      { key: "user", label: t("user"), values: t("users") },
      ...(whose === "all" ? [{ key: "project", label: t("project"), values: t("projects") }] : []),
    ],
    [t, verb, whose],
  );
  const load: Load<Event> = useCallback(
    async ({ sort: _, total: __, ...query }, signal) => {
      const named = query.project !== undefined;
      const asked = {
        ...query,
        ...boundsOf({ last, from, to }, Date.now()),
        ...(whose === "all" && !named ? { all: true } : {}),
      };
      const page = await ok(api.GET("/api/v1/audit", { params: { query: asked as object }, signal }));
      // CSV comes only when it is asked for.
      return typeof page === "string" ? { rows: [] } : { rows: page.events, next: page.next };
    },
    [api, whose, last, from, to],
  );
  const cadf = linkTo("/api/v1/audit", place, {
    ...Object.fromEntries(
      Object.entries(queryOf(state.tokens, filters, null)).map(([name, value]) => [name, String(value)]),
    ),
    ...Object.fromEntries(Object.entries(boundsOf({ last, from, to }, Date.now())).filter(([, at]) => at)),
    ...(whose === "all" ? { all: "true" } : {}),
    format: "cadf",
  });
  return (
    <List<Event>
      id={`audit-${whose}`}
      title={t("title")}
      queryKey={[...KEY[whose], last ?? "", from ?? "", to ?? ""]}
      load={load}
      rowId={idOf}
      rowName={(event) => `${verb(event.verb)} · ${exact(event.at)}`}
      columns={columns}
      filters={filters}
      freeText={null}
      cli={(event) => `lend audit list --target ${event.target}`}
      panel={(events) => events[0] && <EventPanel event={events[0]} />}
      above={<RangePicker />}
      tools={
        <Button href={cadf} download="audit.json" iconName="download">
          {t("cadf")}
        </Button>
      }
      empty={<Empty title={t("empty")} text={t("emptyText")} />}
    />
  );
}

function EventPanel({ event }: { event: Event }) {
  const t = useTexts(texts);
  const verb = useVerb();
  const { exact, bytes } = useFormat();
  // What changed has a table of its own.
  const facts = (event.detail ?? "")
    .split(" ")
    .filter((fact) => fact && !(event.changes?.length && /^(changed|before|after)[.=]/.test(fact)));
  return (
    <SpaceBetween size="m">
      {!event.is_own && <div className="lg-muted">{t("otherSide")}</div>}
      {event.changes && event.changes.length > 0 && <Changes changes={event.changes} />}
      <KeyValuePairs
        columns={1}
        items={[
          { label: t("action"), value: `${verb(event.verb)} (${event.verb})` },
          { label: t("result"), value: <EventResult event={event} /> },
          { label: t("time"), value: exact(event.at) },
          { label: t("object"), value: <Target event={event} whole /> },
          ...(event.user ? [{ label: t("user"), value: <Named id={event.user} /> }] : []),
          { label: t("project"), value: <Named id={event.project} isTenant /> },
          ...(event.account ? [{ label: t("account"), value: <Named id={event.account} /> }] : []),
          ...(event.counterpart
            ? [{ label: t("counterpart"), value: <Named id={event.counterpart.id} isTenant /> }]
            : []),
          { label: t("region"), value: event.region },
          ...(event.source ? [{ label: t("from"), value: event.source }] : []),
          ...(event.request_id ? [{ label: t("request"), value: <CopyText text={event.request_id} /> }] : []),
          ...(event.bytes != null
            ? [
                {
                  label: t("downloads"),
                  value: t("ranges", { n: event.ranges ?? 1, bytes: bytes(event.bytes) }),
                },
              ]
            : []),
          ...(event.seq != null ? [{ label: t("place"), value: String(event.seq) }] : []),
          { label: t("eventId"), value: <CopyText text={event.id} /> },
        ]}
      />
      {facts.length > 0 && (
        <div>
          <h4>{t("facts")}</h4>
          <pre className="lg-mono lg-wrap">{facts.join("\n")}</pre>
        </div>
      )}
    </SpaceBetween>
  );
}

/** What each field was, and is. */
function Changes({ changes }: { changes: Schema<"ChangeView">[] }) {
  const t = useTexts(texts);
  const nothing = <span className="lg-muted">{t("nothing")}</span>;
  return (
    <div className="lg-scroll">
      <table className="lg-table lg-changes">
        <caption>{t("changes")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("field")}</th>
            <th scope="col">{t("before")}</th>
            <th scope="col">{t("after")}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ field, before, after }) => (
            <tr key={field}>
              {/* A long name breaks after its dots. */}
              <th scope="row">{field.replaceAll(".", ".\u200b")}</th>
              <td>{before ? <del>{before}</del> : nothing}</td>
              <td>{after ? <ins>{after}</ins> : nothing}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
