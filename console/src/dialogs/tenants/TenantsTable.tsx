import "~/images/images.css";
import Button from "@cloudscape-design/components/button";
import Cards from "@cloudscape-design/components/cards";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { usePolicy } from "~/api/context";
import type { Image, Share } from "~/api/types";
import { Ago, useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { tellFailure } from "~/images/queries";
import { ActButton, Empty } from "~/table/List";
import { Markers } from "~/table/markers";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { useMedia } from "~/ui/media";
import { uiTexts } from "~/ui/texts";
import { useSharePage, useSharePages, useTenantActs } from "./tenants";
import { texts } from "./texts";

const SIZES = [10, 20, 50, 100];
const STATES = ["pending", "accepted", "rejected"] as const;
const TYPE: Record<Share["state"], StatusIndicatorProps.Type> = {
  accepted: "success",
  pending: "pending",
  rejected: "stopped",
};

export function ShareState({ state }: { state: Share["state"] }) {
  const w = useWords();
  return <StatusIndicator type={TYPE[state]}>{w(`share.${state}`)}</StatusIndicator>;
}

const NONE: Share[] = [];
const nameIn = ({ recipient }: Share) => recipient.name ?? recipient.id;

interface Props {
  image: Image;
  /** Asks before tenants lose the image. */
  ask: (shares: Share[] | "all") => void;
  /** Offers the image to more tenants; left out while that is being done. */
  add?: () => void;
  /** Over the table. */
  above?: ReactNode;
}

/** With whom an image is shared: found, counted, reminded and removed. */
export function TenantsTable({ image, ask, add, above }: Props) {
  const t = useTexts(texts);
  const u = useTexts(uiTexts);
  const w = useWords();
  const { ago } = useFormat();
  const byAccount = usePolicy()("share.recipient_kind") === "account";
  const { remind } = useTenantActs(image.id);
  const [text, setText] = useState("");
  const [state, setState] = useState<Share["state"] | "">("");
  const [size, setSize] = useState(10);
  const [page, setPage] = useState(1);
  const [ticked, setTicked] = useState<ReadonlyMap<string, Share>>(new Map());
  const isNarrow = useMedia("(max-width: 640px)");
  const wanted = useLater(text.trim(), 250);
  const wish = { q: wanted || undefined, state: state || undefined, limit: size };
  const what = JSON.stringify([image.id, wish]);
  const known = useRef({ what, markers: new Markers() });
  if (known.current.what !== what) known.current = { what, markers: new Markers() };
  const { markers } = known.current;
  const marker = markers.begin(page);
  const { data, error, isPending, isPlaceholderData, refetch } = useSharePage(image.id, {
    ...wish,
    marker: marker ?? undefined,
  });
  if (data && !isPlaceholderData) markers.learn(page, marker, data.next);
  const { read } = useSharePages(image.id);
  const goTo = async (to: number) =>
    setPage(
      await markers.walk(to, async (from) => (await read({ ...wish, marker: from ?? undefined })).next),
    );

  const rows = data?.shares ?? NONE;
  const total = data?.total?.count ?? 0;
  const pages = Math.max(1, Math.ceil(total / size));
  // The last of a page may have been removed.
  useEffect(() => {
    if (data && !isPlaceholderData && page > pages) setPage(pages);
  }, [data, isPlaceholderData, page, pages]);
  const here = new Map(rows.map((share) => [share.recipient.id, share]));
  const selected = [...ticked.values()].map((share) => here.get(share.recipient.id) ?? share);
  const open = selected.filter((share) => share.state === "pending");
  const mayRemove = refusal(image, "unshare");
  const mayShare = refusal(image, "share");
  const sendReminder = (to: Share[]) => void remind(to).catch(tellFailure);

  const columns: TableProps.ColumnDefinition<Share>[] = [
    { id: "name", header: t("col.name"), cell: ({ recipient }) => recipient.name ?? "–", isRowHeader: true },
    {
      id: "id",
      header: t(byAccount ? "col.accountId" : "col.id"),
      cell: ({ recipient }) => <CopyText text={recipient.id} whole={false} />,
    },
    {
      id: "status",
      header: t("col.status"),
      cell: (share) => (
        <>
          <ShareState state={share.state} />
          {share.state === "pending" && share.lapses_at && (
            <div className="lg-small">{t("lapses", { when: ago(share.lapses_at) })}</div>
          )}
          {share.ends_at && <div className="lg-small">{t("ends", { when: ago(share.ends_at) })}</div>}
        </>
      ),
    },
    { id: "shared", header: t("col.shared"), cell: (share) => <Ago at={share.created_at} /> },
    {
      id: "answered",
      header: t("col.answered"),
      cell: (share) => (share.state === "pending" ? "–" : <Ago at={share.updated_at} />),
    },
    { id: "note", header: t("col.note"), cell: (share) => share.note ?? "–" },
    {
      id: "actions",
      header: t("col.actions"),
      cell: (share) => (
        <SpaceBetween direction="horizontal" size="s">
          {share.state === "pending" && (
            <Button
              variant="inline-link"
              ariaLabel={`${w("act.remind")}: ${nameIn(share)}`}
              disabled={mayRemove !== undefined}
              disabledReason={mayRemove}
              onClick={() => sendReminder([share])}
            >
              {w("act.remind")}
            </Button>
          )}
          <Button
            variant="inline-link"
            ariaLabel={`${w("act.delete")}: ${nameIn(share)}`}
            disabled={mayRemove !== undefined}
            disabledReason={mayRemove}
            onClick={() => ask([share])}
          >
            {w("act.delete")}
          </Button>
        </SpaceBetween>
      ),
    },
  ];
  const options = STATES.map((value) => ({ value, label: w(`share.${value}`) }));
  const any = { value: "", label: t("status.all") };
  const isFiltered = text !== "" || state !== "";
  const find = (change: () => void) => {
    change();
    setPage(1);
  };

  const header = (
    <SpaceBetween size="s">
      {above}
      <div className="lg-toolbar">
        <SpaceBetween direction="horizontal" size="xs">
          <ActButton
            act={{
              id: "delete",
              text: w("act.delete"),
              refused: mayRemove ?? (selected.length ? undefined : t("needsSelection")),
              run: () => ask(selected),
            }}
          />
          <ActButton
            act={{
              id: "remind",
              text: w("act.remind"),
              refused:
                mayRemove ??
                (selected.length === 0
                  ? t("needsSelection")
                  : open.length === 0
                    ? t("needsPending")
                    : undefined),
              run: () => sendReminder(open),
            }}
          />
          <ActButton
            act={{
              id: "delete-all",
              text: w("act.deleteAll"),
              refused: mayRemove,
              run: () => ask("all"),
            }}
          />
          {add && (
            <ActButton
              act={{
                id: "add",
                text: w("act.addTenant"),
                refused: mayShare,
                isPrimary: !mayShare,
                run: add,
              }}
            />
          )}
        </SpaceBetween>
        <span className="lg-small" role="status">
          {selected.length > 0 && t("selected", { n: selected.length })}
        </span>
      </div>
    </SpaceBetween>
  );
  const filter = (
    <div className="lg-find">
      <Input
        type="search"
        value={text}
        placeholder={t("find")}
        ariaLabel={t("find")}
        onChange={({ detail }) => find(() => setText(detail.value))}
      />
      <Select
        ariaLabel={t("status")}
        expandToViewport
        selectedOption={options.find(({ value }) => value === state) ?? any}
        options={[any, ...options]}
        onChange={({ detail }) =>
          find(() => setState((detail.selectedOption.value ?? "") as Share["state"] | ""))
        }
      />
    </div>
  );
  const nothing = error ? (
    <Failure error={error} retry={() => void refetch()} />
  ) : isFiltered ? (
    <Empty
      title={t("none")}
      action={
        <Button
          onClick={() =>
            find(() => {
              setText("");
              setState("");
            })
          }
        >
          {t("clear")}
        </Button>
      }
    />
  ) : (
    <Empty title={t("empty")} text={t("empty.text")} />
  );
  const footer = (
    <div className="lg-spread">
      <Select
        ariaLabel={t("pages", { size })}
        expandToViewport
        selectedOption={{ value: String(size), label: t("pages", { size }) }}
        options={SIZES.map((one) => ({ value: String(one), label: t("pages", { size: one }) }))}
        onChange={({ detail }) => find(() => setSize(Number(detail.selectedOption.value)))}
      />
      <span className="lg-small">{w("tenants.total", { n: total })}</span>
      <Pagination
        currentPageIndex={page}
        pagesCount={pages}
        onChange={({ detail }) => void goTo(detail.currentPageIndex)}
      />
    </div>
  );
  const common = {
    items: rows,
    trackBy: ({ recipient }: Share) => recipient.id,
    loading: isPending,
    loadingText: u("loading"),
    selectionType: "multi",
    selectedItems: selected,
    onSelectionChange: ({ detail }: { detail: { selectedItems: Share[] } }) => {
      setTicked((before) => {
        const now = new Map([...before].filter(([id]) => !here.has(id)));
        for (const share of detail.selectedItems) now.set(share.recipient.id, share);
        return now;
      });
    },
    header,
    filter,
    empty: nothing,
  } as const;
  const tickLabel = (_: unknown, share: Share) => t("select", { name: nameIn(share) });

  if (isNarrow) {
    return (
      <SpaceBetween size="s">
        <Cards<Share>
          {...common}
          cardDefinition={{
            header: nameIn,
            sections: columns
              .filter(({ id }) => id !== "name")
              .map(({ id, ...rest }) => ({
                id,
                header: rest.header,
                content: rest.cell,
              })),
          }}
          ariaLabels={{ selectionGroupLabel: w("tenants.title"), itemSelectionLabel: tickLabel }}
        />
        {footer}
      </SpaceBetween>
    );
  }
  return (
    <Table<Share>
      {...common}
      variant="borderless"
      columnDefinitions={columns}
      wrapLines
      contentDensity="compact"
      ariaLabels={{
        tableLabel: w("tenants.title"),
        selectionGroupLabel: w("tenants.title"),
        allItemsSelectionLabel: () => t("select", { name: w("tenants.title") }),
        itemSelectionLabel: tickLabel,
      }}
      footer={footer}
    />
  );
}

/** A value, once it has not changed for a while. */
function useLater<T>(value: T, pause: number): T {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return later;
}

/** Names that are shown of those who are about to lose an image. */
const NAMED = 10;

/** Which tenants are about to lose the image. */
export function Losing({ image, shares }: { image: Image; shares: Share[] | "all" }) {
  const t = useTexts(texts);
  const { data: first } = useSharePage(image.id, { limit: NAMED });
  const losing = shares === "all" ? (first?.shares ?? NONE) : shares;
  const n = shares === "all" ? (first?.total?.count ?? 0) : shares.length;
  return (
    <>
      <div>{t("removeHint")}</div>
      <ul className="lg-losing">
        {losing.slice(0, NAMED).map((share) => (
          <li key={share.recipient.id}>
            {nameIn(share)} <ShareState state={share.state} />
          </li>
        ))}
        {n > NAMED && <li>{t("andMore", { n: n - NAMED })}</li>}
      </ul>
    </>
  );
}

/** The title over {@link Losing}. */
export function useLosingTitle() {
  const t = useTexts(texts);
  return (image: Image, shares: Share[] | "all") =>
    t("remove", { n: shares === "all" ? (image.shares ?? 0) : shares.length, image: nameOf(image) });
}
