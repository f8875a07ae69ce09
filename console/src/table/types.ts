import type { ReactNode } from "react";
import type { Token } from "./state";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** As the export writes it; a column without it is not exported. */
  csv?: (row: Row) => string | number | null | undefined;
  /** What the server sorts by. */
  sort?: string;
  width?: number;
  minWidth?: number;
  /** Off until the user switches it on. */
  isHidden?: boolean;
  /** Stays on. */
  isFixed?: boolean;
  /** Left out where there is no room for all, the highest first; details in the row have it. */
  spare?: number;
}

/** A property of the filter. `param` names the server's parameter unless `query` does more. */
export interface Filter {
  key: string;
  label: string;
  /** The heading over its values. */
  values: string;
  operators?: ("=" | ":" | ">" | "<")[];
  options?: { value: string; label?: string }[];
  param?: string;
  query?: (token: Token) => Record<string, string | string[]>;
}

export type Query = Record<string, string | number | boolean | string[] | undefined>;

export interface PageOf<Row> {
  rows: Row[];
  next?: string | null;
  total?: { count: number; is_more: boolean } | null;
}

export type Load<Row> = (query: Query, signal?: AbortSignal) => Promise<PageOf<Row>>;

/** An entry of a row's menu or a button over the table. */
export interface Act {
  id: string;
  text: string;
  run?: () => void;
  href?: string;
  /** Why it cannot be done now; shown disabled with it. */
  refused?: string;
  isPrimary?: boolean;
  /** Over a table: in the menu that follows the buttons. */
  isMore?: boolean;
}

export interface ListProps<Row> {
  /** Names the table in the preferences. */
  id: string;
  title: string;
  /** Follows the context in the query key: what server events make stale. */
  queryKey: readonly string[];
  load: Load<Row>;
  rowId: (row: Row) => string;
  rowName: (row: Row) => string;
  /** What "Copy id" copies, where it is not what tells rows apart. */
  copyId?: (row: Row) => string;
  columns: Column<Row>[];
  filters?: Filter[];
  /** What free text asks for; `name_contains` unless told. */
  freeText?: string | null;
  /** Beside the filter. */
  filterControl?: ReactNode;
  defaultSort?: { key: string; descending: boolean };
  /** Over the table, left of the tools. */
  bulk?: (selected: Row[]) => Act[];
  /** Of the column of acts, where its texts need more than usual. */
  actsWidth?: number;
  /** Shown in the row itself. */
  quick?: (row: Row) => Act[];
  /** In the row's menu; Copy id, Copy link and Copy CLI command follow by themselves. */
  menu?: (row: Row) => Act[];
  /** The page of a row, for Copy link and Enter. */
  rowPath?: (row: Row) => string;
  /** The command that does on the command line what the row shows. */
  cli?: (row: Row) => string;
  /** Opens in place, below the row. */
  details?: (row: Row) => ReactNode;
  panel?: (rows: Row[]) => ReactNode;
  empty: ReactNode;
  /** Between the title and the table: message bars, counters. */
  above?: ReactNode;
  /** A button or link at the right of the toolbar. */
  tools?: ReactNode;
  /** Something that adds up over the selection. */
  sum?: (rows: Row[]) => string;
  /** Whether some rows will soon be different: they are then read again by themselves. */
  isPassing?: (rows: Row[]) => boolean;
  onSelection?: (rows: Row[]) => void;
}
