import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Notice } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { tellFailure } from "~/images/queries";
import { Go } from "~/shell/links";
import { toast } from "~/shell/messages";
import { noticePage, useNoticeText } from "~/shell/notices";
import { Empty, List } from "~/table/List";
import type { Column, Filter, Load } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { useRefusal } from "~/ui/may";
import { Page } from "~/ui/Page";
import { Picture } from "~/ui/Picture";
import { texts } from "./texts";

const KEY = ["notices", "page"];
const idOf = (notice: Notice) => notice.id;
const whoOf = ({ counterpart }: Notice) => counterpart?.name ?? counterpart?.id;
const KINDS = Object.keys(texts.entries).flatMap((key) =>
  key.startsWith("kind.") ? [key.slice("kind.".length) as Notice["kind"]] : [],
);

/** The inboxes of the project and of its account. */
export default function NoticesPage() {
  const t = useTexts(texts);
  const { api, key, path, info } = usePlace();
  const client = useQueryClient();
  const sentence = useNoticeText();
  const refused = useRefusal("ims:notices:mark");
  const [selected, setSelected] = useState<Notice[]>([]);
  const { data: counts } = useQuery({
    queryKey: [...key, "notices", "counts"],
    queryFn: () => ok(api.GET("/api/v1/notices/counts")),
  });
  const mark = useCallback(
    async (body: { ids?: string[]; up_to?: string }, told?: string) => {
      try {
        await ok(api.POST("/api/v1/notices/read", { body }));
        if (told) toast({ kind: "success", text: told });
      } catch (error) {
        tellFailure(error);
      }
      void client.invalidateQueries({ queryKey: [...key, "notices"] });
    },
    [api, client, key],
  );
  const markAll = async () => {
    const { end } = await ok(api.GET("/api/v1/notices", { params: { query: { limit: 1 } } }));
    await mark({ up_to: end }, t("markedAll"));
  };
  const load: Load<Notice> = useCallback(
    async ({ sort: _, total: __, unread, kind, ...query }, signal) => {
      const asked = {
        ...query,
        ...(unread === undefined ? {} : { unread: unread === "true" }),
        ...(kind === undefined ? {} : { kind: [kind].flat() }),
      } as object;
      const page = await ok(api.GET("/api/v1/notices", { params: { query: asked }, signal }));
      return { rows: page.notices, next: page.next };
    },
    [api],
  );
  const columns = useMemo(
    (): Column<Notice>[] => [
      {
        id: "notice",
        header: t("notice"),
        width: 380,
        cell: (notice) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the link inside is what is clicked
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the link clicks as well
          <span
            data-row
            className={notice.is_read ? undefined : "lg-row-name"}
            onClick={() => {
              if (!notice.is_read && !refused) void mark({ ids: [notice.id] });
            }}
          >
            <Go to={path(noticePage(notice))}>{sentence(notice)}</Go>
          </span>
        ),
        csv: sentence,
      },
      {
        id: "state",
        header: t("state"),
        cell: (notice) => (
          <StatusIndicator
            type={notice.is_read ? "success" : "info"}
            colorOverride={notice.is_read ? "grey" : "blue"}
          >
            {t(notice.is_read ? "state.read" : "state.unread")}
          </StatusIndicator>
        ),
        csv: (notice) => (notice.is_read ? "read" : "unread"),
      },
      {
        id: "kind",
        header: t("kind"),
        spare: 2,
        cell: (notice) => t(`kind.${notice.kind}`),
        csv: (notice) => notice.kind,
      },
      { id: "who", header: t("who"), cell: (notice) => whoOf(notice) ?? "–", csv: whoOf },
      {
        id: "note",
        header: t("note"),
        width: 180,
        spare: 1,
        cell: (notice) => (notice.note ? `“${notice.note}”` : "–"),
        csv: (notice) => notice.note,
      },
      { id: "time", header: t("time"), cell: (notice) => <Ago at={notice.at} />, csv: (notice) => notice.at },
      {
        id: "image",
        header: t("image"),
        cell: ({ image }) => (image ? <CopyText text={image.id} whole={false} /> : "–"),
        csv: ({ image }) => image?.id,
        isHidden: true,
      },
      {
        id: "to",
        header: t("to"),
        cell: (notice) => t(notice.to.kind === "account" ? "to.account" : "to.project"),
        csv: (notice) => notice.to.kind,
        isHidden: true,
      },
    ],
    [t, path, sentence, mark, refused],
  );
  const filters = useMemo(
    (): Filter[] => [
      {
        key: "unread",
        label: t("state"),
        values: t("states"),
        options: [
          { value: "true", label: t("state.unread") },
          { value: "false", label: t("state.read") },
        ],
      },
      {
        key: "kind",
        label: t("kind"),
        values: t("kinds"),
        options: KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
      },
    ],
    [t],
  );
  const unread = selected.filter((notice) => !notice.is_read);
  return (
    <Page title={t("title")} path={path("notices")} text={t("text", { project: info.name })}>
      <List<Notice>
        id="notices"
        title={t("title")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={sentence}
        columns={columns}
        filters={filters}
        freeText={null}
        onSelection={setSelected}
        bulk={() => [
          {
            id: "read",
            text: t("markRead"),
            refused: refused ?? (unread.length === 0 ? t("noneChosen") : undefined),
            run: () => void mark({ ids: unread.map(idOf) }, t("marked", { n: unread.length })),
          },
          {
            id: "all",
            text: t("markAll"),
            refused: refused ?? (counts?.unread.count === 0 ? t("nothingUnread") : undefined),
            run: () => void markAll().catch(tellFailure),
          },
        ]}
        menu={(notice) => [
          {
            id: "read",
            text: t("markRead"),
            refused: refused ?? (notice.is_read ? t("state.read") : undefined),
            run: () => void mark({ ids: [notice.id] }),
          },
        ]}
        empty={<Empty picture={<Picture of="inbox" />} title={t("empty")} text={t("emptyText")} />}
      />
    </Page>
  );
}
