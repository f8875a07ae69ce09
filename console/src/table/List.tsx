import Box from "@cloudscape-design/components/box";
import Button, { type ButtonProps } from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import CollectionPreferences from "@cloudscape-design/components/collection-preferences";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { toApiError } from "~/api/errors";
import { wantAnew } from "~/api/queries";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { SidePanel } from "~/shell/frame";
import { toast } from "~/shell/messages";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { Failure } from "~/ui/Failure";
import { useMedia } from "~/ui/media";
import { uiTexts } from "~/ui/texts";
import { download, toCsv } from "./csv";
import { FilterBar } from "./FilterBar";
import { fitted, useRoom } from "./fit";
import { isInRow, moveInRows, tickFocused } from "./keys";
import { useTablePreferences } from "./preferences";
import { Expandable } from "./RowDetails";
import { item, RowMenu } from "./RowMenu";
import { useListState } from "./state";
import { tableTexts } from "./texts";
import type { Act, Column, ListProps } from "./types";
import { useHeld } from "./useHeld";
import { MOST, useRows } from "./useRows";

// `lazy` forgets that the component is generic.
const CardList = lazy(() => import("./CardList")) as unknown as typeof import("./CardList").default;
const SIZES = [10, 20, 50, 100];
const TICKS_WIDTH = 54;
const MENU_WIDTH = 100;
const ACTS_WIDTH = 145;

/** The one table of the console: pages, filter, selection, menus, preferences and panel of a list on the server. */
export function List<Row>(list: ListProps<Row>) {
  const { id, rowId, rowName, columns, bulk, panel } = list;
  const t = useTexts(tableTexts);
  const s = useTexts(shellTexts);
  const u = useTexts(uiTexts);
  const w = useWords();
  const { number, ago } = useFormat();
  const navigate = useNavigate();
  const isNarrow = useMedia("(max-width: 640px)");
  const preferences = useTablePreferences(id, columns);
  const { state, setTokens, setSort, setPage, setSel } = useListState();
  const { result, at, markers, goTo, isWalking, loadAll, sort, isFiltered } = useRows(
    list,
    state,
    preferences.pageSize,
    setPage,
  );
  const total = result.data?.total;
  const { place, room } = useRoom<HTMLDivElement>();

  // What is ticked, over all pages; rows that changed are shown as they are now.
  const [ticked, setTicked] = useState<ReadonlyMap<string, Row>>(new Map());
  const come = useMemo(() => result.data?.rows ?? [], [result.data]);
  const { rows, changes, show } = useHeld(
    { at, rows: come, when: result.dataUpdatedAt },
    place,
    rowId,
    preferences.pageSize,
    ticked.size > 0,
  );
  const selected = useMemo(() => {
    const now = new Map(rows.map((row) => [rowId(row), row]));
    return [...ticked].map(([id, row]) => now.get(id) ?? row);
  }, [ticked, rows, rowId]);
  // What has left its page is no longer ticked: it was accepted, removed or deleted, and the next act is not
  // meant for it.
  const seen = useRef({ at, ids: [] as string[] });
  useEffect(() => {
    if (!result.data || result.isPlaceholderData) return;
    const ids = rows.map(rowId);
    const gone = seen.current.at === at ? seen.current.ids.filter((id) => !ids.includes(id)) : [];
    seen.current = { at, ids };
    if (gone.length) setTicked((all) => new Map([...all].filter(([id]) => !gone.includes(id))));
  }, [at, rows, result.data, result.isPlaceholderData, rowId]);
  const { onSelection } = list;
  useEffect(() => onSelection?.(selected), [onSelection, selected]);
  const tick = (next: Row[]) => {
    const here = new Set(rows.map(rowId));
    setTicked(
      new Map([
        ...[...ticked].filter(([id]) => !here.has(id)),
        ...next.map((row) => [rowId(row), row] as const),
      ]),
    );
  };
  const tickAll = async () => {
    const all = await loadAll();
    if (all.length >= MOST) toast({ kind: "info", text: t("tooMany", { n: MOST }) });
    setTicked(new Map(all.map((row) => [rowId(row), row])));
  };

  useShortcuts({
    j: { text: s("keys.next"), run: () => moveInRows(1) },
    k: { text: s("keys.previous"), run: () => moveInRows(-1) },
    Space: bulk ? { text: s("keys.tick"), run: tickFocused, when: isInRow } : undefined,
  });

  const exportRows = async (item: string) => {
    const [which, format] = item.split(".");
    const chosen = which === "selected" ? selected : which === "page" ? rows : await loadAll();
    const shown = columns.filter((column) => column.csv);
    const lines = [
      shown.map((column) => column.header),
      ...chosen.map((row) => shown.map((column) => column.csv?.(row) ?? "")),
    ];
    if (format === "csv") return download(`${id}.csv`, toCsv(lines));
    const { toXlsx, XLSX } = await import("./xlsx");
    download(`${id}.xlsx`, toXlsx(list.title, lines), XLSX);
  };

  const exportOrTell = (item: string) =>
    void exportRows(item).catch((error) => toast({ kind: "error", text: toApiError(error).message }));

  const rowMenu = (row: Row) => (
    <RowMenu
      id={(list.copyId ?? rowId)(row)}
      name={rowName(row)}
      acts={list.menu?.(row) ?? []}
      path={list.rowPath?.(row)}
      cli={list.cli?.(row)}
    />
  );
  // What is open in place, below its row.
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setOpen((now) => (now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set([...now, id])));
  const { details } = list;
  const expands = ({ cell, ...rest }: Column<Row>): Column<Row> => ({
    ...rest,
    cell: (row) =>
      details && !isNarrow ? (
        <Expandable
          name={rowName(row)}
          isOpen={open.has(rowId(row))}
          toggle={() => toggle(rowId(row))}
          details={() => details(row)}
        >
          {cell(row)}
        </Expandable>
      ) : (
        cell(row)
      ),
  });
  const shownColumns: Column<Row>[] = [
    ...columns.map((column, at) => (at === 0 ? expands(column) : column)),
    {
      id: "actions",
      header: t("rowActions"),
      isFixed: true,
      width: list.actsWidth ?? (list.quick ? ACTS_WIDTH : MENU_WIDTH),
      cell: (row) => (
        <span className="lg-row-acts">
          {list.quick?.(row).map((act) => (
            <Button
              key={act.id}
              variant="inline-link"
              disabled={act.refused !== undefined}
              disabledReason={act.refused}
              href={act.href}
              onClick={(event) => {
                event.stopPropagation();
                act.run?.();
              }}
            >
              {act.text}
            </Button>
          ))}
          {rowMenu(row)}
        </span>
      ),
    },
  ];

  const { widths, leftOut } = fitted(
    preferences.columns.flatMap(
      ({ id, visible }) => shownColumns.find((one) => visible && one.id === id) ?? [],
    ),
    room - (bulk ? TICKS_WIDTH : 0) - 2,
    preferences.isChosen,
  );
  const columnDisplay = preferences.columns.map(({ id, visible }) => ({
    id,
    visible: visible && !leftOut.includes(id),
  }));

  const inPanel = selected.length > 1 ? selected : rows.filter((row) => state.sel.includes(rowId(row)));
  const totalText = total
    ? total.is_more
      ? t("totalMore", { n: total.count })
      : t("total", { n: total.count })
    : undefined;
  const empty = result.error ? (
    <Failure error={result.error} retry={() => void result.refetch()} />
  ) : isFiltered ? (
    <Empty
      title={t("noMatches")}
      action={<Button onClick={() => setTokens([])}>{t("clearFilter")}</Button>}
    />
  ) : (
    list.empty
  );
  const isLoading = result.isPending || isWalking;
  const refresh = useRef<ButtonProps.Ref>(null);

  const tools = (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      {list.tools}
      <span className="lg-updated">
        <span role="status">
          {changes > 0 && (
            <Button
              variant="inline-link"
              onClick={() => {
                show();
                refresh.current?.focus();
              }}
            >
              {t("changes", { n: changes })}
            </Button>
          )}
        </span>
        {changes === 0 &&
          result.dataUpdatedAt > 0 &&
          t("updated", { when: ago(new Date(result.dataUpdatedAt)) })}
      </span>
      <Button
        ref={refresh}
        iconName="refresh"
        ariaLabel={t("refresh")}
        loading={result.isFetching && !result.isPending}
        onClick={() => {
          wantAnew();
          void result.refetch();
        }}
      />
      <ButtonDropdown
        items={[
          { id: "all.csv", text: t("exportAll") },
          { id: "page.csv", text: t("exportPage") },
          { id: "selected.csv", text: t("exportSelected"), disabled: selected.length === 0 },
          { id: "all.xlsx", text: t("exportAllXlsx") },
          { id: "page.xlsx", text: t("exportPageXlsx") },
          { id: "selected.xlsx", text: t("exportSelectedXlsx"), disabled: selected.length === 0 },
        ]}
        onItemClick={({ detail }) => exportOrTell(detail.id)}
      >
        {t("exportCsv")}
      </ButtonDropdown>
    </SpaceBetween>
  );
  const acts = bulk?.(selected) ?? [];
  const buttons = acts.filter((act) => !act.isMore);
  const inMenu = acts.filter((act) => act.isMore);
  if (inMenu.length > 0) {
    const refused = selected.length === 0 ? t("noneSelected") : undefined;
    inMenu.push({ id: "export", text: t("exportList"), refused, run: () => exportOrTell("selected.csv") });
  }
  const header = (
    <SpaceBetween size="s">
      {list.above}
      <div className="lg-toolbar">
        <SpaceBetween direction="horizontal" size="xs">
          {buttons.map((act) => (
            <ActButton key={act.id} act={act} />
          ))}
          {inMenu.length > 0 && (
            <ButtonDropdown
              items={inMenu.map(item)}
              onItemClick={({ detail }) => inMenu.find((act) => act.id === detail.id)?.run?.()}
            >
              {w("act.more")}
            </ButtonDropdown>
          )}
        </SpaceBetween>
        {tools}
      </div>
      {selected.length > 0 && (
        <div className="lg-selection" role="status">
          {list.sum && selected.length > 0
            ? t("selectedSum", { n: selected.length, sum: list.sum(selected) })
            : t("selected", { n: selected.length })}
          {total && total.count > selected.length && (
            <Button variant="inline-link" onClick={() => void tickAll()}>
              {t("selectAll", { n: total.is_more ? `${number(total.count)}+` : total.count })}
            </Button>
          )}
          <Button variant="inline-link" onClick={() => setTicked(new Map())}>
            {t("clearSelection")}
          </Button>
        </div>
      )}
    </SpaceBetween>
  );
  const filter = list.filters && (
    <FilterBar
      id={id}
      filters={list.filters}
      freeText={list.freeText !== null}
      tokens={state.tokens}
      onChange={setTokens}
      isBusy={result.isFetching}
      matches={isFiltered ? totalText : undefined}
      control={list.filterControl}
    />
  );
  const pagination = (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      <span className="lg-small">{totalText}</span>
      <Pagination
        currentPageIndex={state.page}
        pagesCount={
          total && !total.is_more ? Math.max(1, Math.ceil(total.count / preferences.pageSize)) : markers.pages
        }
        openEnd={total ? total.is_more : markers.isOpen}
        disabled={isWalking}
        onChange={({ detail }) => void goTo(detail.currentPageIndex)}
      />
    </SpaceBetween>
  );
  const settings = (
    <CollectionPreferences
      title={t("preferences")}
      preferences={{
        pageSize: preferences.pageSize,
        wrapLines: preferences.wrapLines,
        contentDensity: preferences.dense ? "compact" : "comfortable",
        contentDisplay: columnDisplay,
      }}
      onConfirm={({ detail }) => preferences.keep(detail, columnDisplay)}
      pageSizePreference={{
        title: t("pageSize"),
        options: SIZES.map((value) => ({ value, label: t("rows", { n: value }) })),
      }}
      wrapLinesPreference={{ label: t("wrap"), description: t("wrapHint") }}
      contentDensityPreference={{ label: t("dense"), description: t("denseHint") }}
      contentDisplayPreference={{
        title: t("columns"),
        description: t("columnsHint"),
        options: shownColumns.map((column, index) => ({
          id: column.id,
          label: column.header,
          alwaysVisible: index === 0 || column.isFixed,
        })),
      }}
    />
  );

  return (
    <div className="lg-list" data-list={id} ref={place}>
      {room === 0 ? null : isNarrow ? (
        <Suspense fallback={null}>
          <CardList
            list={list}
            columns={shownColumns.filter((column) => preferences.isVisible(column.id))}
            rows={rows}
            selected={selected}
            tick={tick}
            parts={{ header, filter, pagination, settings, empty }}
            isLoading={isLoading}
          />
        </Suspense>
      ) : (
        <Table<Row>
          // It takes widths over once only.
          key={room}
          variant="borderless"
          items={rows}
          trackBy={rowId}
          loading={isLoading && rows.length === 0}
          loadingText={u("loading")}
          skeleton={
            isLoading && rows.length === 0
              ? { totalRows: "auto", maxAutoRows: preferences.pageSize }
              : undefined
          }
          columnDefinitions={shownColumns.map((column, index) => ({
            id: column.id,
            header: column.header,
            cell: column.cell,
            sortingField: column.sort,
            width: widths.get(column.id) ?? column.width,
            minWidth: 80,
            isRowHeader: index === 0,
          }))}
          columnDisplay={columnDisplay}
          wrapLines={preferences.wrapLines}
          contentDensity={preferences.dense ? "compact" : "comfortable"}
          resizableColumns
          stickyColumns={{ first: 1, last: 1 }}
          selectionType={bulk ? "multi" : undefined}
          selectedItems={selected}
          onSelectionChange={({ detail }) => tick(detail.selectedItems)}
          sortingColumn={sort ? { sortingField: sort.key } : undefined}
          sortingDescending={sort?.descending}
          onSortingChange={({ detail }) => {
            if (detail.sortingColumn.sortingField)
              setSort(detail.sortingColumn.sortingField, Boolean(detail.isDescending));
          }}
          onRowClick={({ detail }) => {
            if (panel) setSel([rowId(detail.item)]);
          }}
          ariaLabels={{
            tableLabel: list.title,
            selectionGroupLabel: list.title,
            allItemsSelectionLabel: () => t("selectPage"),
            itemSelectionLabel: (_, row) => t("selectRow", { name: rowName(row) }),
          }}
          renderAriaLive={({ totalItemsCount }) =>
            totalItemsCount ? t("total", { n: totalItemsCount }) : ""
          }
          header={header}
          filter={filter}
          pagination={pagination}
          preferences={settings}
          empty={empty}
        />
      )}
      {panel && inPanel.length > 0 && state.sel.length > 0 && (
        <SidePanel
          title={inPanel.length > 1 ? t("selected", { n: inPanel.length }) : rowName(inPanel[0] as Row)}
          onClose={() => setSel([])}
        >
          {panel(inPanel)}
          {inPanel.length === 1 && list.rowPath && (
            <Box padding={{ top: "m" }}>
              <Button onClick={() => void navigate(list.rowPath?.(inPanel[0] as Row) ?? "")}>
                {rowName(inPanel[0] as Row)}
              </Button>
            </Box>
          )}
        </SidePanel>
      )}
    </div>
  );
}

/** A button for an act; refused, it says why. */
export function ActButton({ act }: { act: Act }) {
  return (
    <Button
      variant={act.isPrimary ? "primary" : "normal"}
      disabled={act.refused !== undefined}
      disabledReason={act.refused}
      href={act.href}
      onClick={() => act.run?.()}
    >
      {act.text}
    </Button>
  );
}

/** What stands where rows would be. */
export function Empty({
  title,
  text,
  action,
  picture,
}: {
  title: string;
  text?: ReactNode;
  action?: ReactNode;
  picture?: ReactNode;
}) {
  return (
    <Box textAlign="center" padding={{ vertical: "xl" }} color="inherit">
      <SpaceBetween size="xs">
        {picture}
        <Box variant="strong" color="inherit">
          {title}
        </Box>
        {text && <Box color="text-body-secondary">{text}</Box>}
        {action}
      </SpaceBetween>
    </Box>
  );
}
