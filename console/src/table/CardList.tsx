import Cards from "@cloudscape-design/components/cards";
import type { ReactNode } from "react";
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

/** The list on a narrow screen: a card for each row. */
export default function CardList<Row>({ list, columns, rows, selected, tick, isLoading, parts }: Props<Row>) {
  const [first, ...rest] = columns;
  return (
    <Cards<Row>
      items={rows}
      trackBy={list.rowId}
      loading={isLoading && rows.length === 0}
      cardDefinition={{
        header: first?.cell,
        sections: rest.map((column) => ({ id: column.id, header: column.header, content: column.cell })),
      }}
      selectionType={list.bulk ? "multi" : undefined}
      selectedItems={selected}
      onSelectionChange={({ detail }) => tick(detail.selectedItems)}
      ariaLabels={{ selectionGroupLabel: list.title, itemSelectionLabel: (_, row) => list.rowName(row) }}
      header={parts.header}
      filter={parts.filter}
      pagination={parts.pagination}
      preferences={parts.settings}
      empty={parts.empty}
    />
  );
}
