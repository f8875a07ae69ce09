import Cards from "@cloudscape-design/components/cards";
import LiveRegion from "@cloudscape-design/components/live-region";
import Skeleton from "@cloudscape-design/components/skeleton";
import type { ReactNode } from "react";
import { useTexts } from "~/i18n/texts";
import { uiTexts } from "~/ui/texts";
import type { Column, ListProps } from "./types";

interface Props<Row> {
  list: ListProps<Row>;
  columns: Column<Row>[];
  rows: Row[];
  selected: Row[];
  tick: (rows: Row[]) => void;
  isLoading: boolean;
  parts: {
    header: ReactNode;
    filter: ReactNode;
    pagination: ReactNode;
    settings: ReactNode;
    empty: ReactNode;
  };
}

/** Holds the place of a card while the first rows are on their way. */
class Kept {
  constructor(readonly id: string) {}
}
const KEPT = ["1", "2", "3", "4"].map((id) => new Kept(id));

/** The list on a narrow screen: a card for each row. */
export default function CardList<Row>({ list, columns, rows, selected, tick, isLoading, parts }: Props<Row>) {
  const u = useTexts(uiTexts);
  const [first, ...rest] = columns;
  const isFirst = isLoading && rows.length === 0;
  const bone = <Skeleton display="block" width="60%" />;
  const heading = (one: Row | Kept) => {
    if (!(one instanceof Kept)) return first?.cell(one);
    return (
      <span className="lg-kept">
        {one === KEPT[0] && <LiveRegion hidden>{u("loading")}</LiveRegion>}
        {bone}
      </span>
    );
  };
  return (
    <Cards<Row | Kept>
      items={isFirst ? KEPT : rows}
      trackBy={(one) => (one instanceof Kept ? one.id : list.rowId(one))}
      cardDefinition={{
        header: heading,
        sections: rest.map(({ id, header, cell }) => ({
          id,
          header,
          content: (one) => (one instanceof Kept ? bone : cell(one)),
        })),
      }}
      selectionType={list.bulk && !isFirst ? "multi" : undefined}
      selectedItems={selected}
      onSelectionChange={({ detail }) =>
        tick(detail.selectedItems.flatMap((one) => (one instanceof Kept ? [] : [one])))
      }
      ariaLabels={{
        selectionGroupLabel: list.title,
        itemSelectionLabel: (_, one) => (one instanceof Kept ? "" : list.rowName(one)),
      }}
      header={parts.header}
      filter={parts.filter}
      pagination={parts.pagination}
      preferences={parts.settings}
      empty={parts.empty}
    />
  );
}
