import type { ReactNode } from "react";

export interface SmallRow {
  id: string;
  /** In the order of the heads; the first names the row. */
  cells: ReactNode[];
}

/** A table without tools; on a narrow screen each row is a card. */
export function SmallTable({ heads, rows }: { heads: string[]; rows: SmallRow[] }) {
  return (
    <table className="lg-table lg-small-table">
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ id, cells }) => (
          <tr key={id}>
            {heads.map((head, at) =>
              at === 0 ? (
                <th key={head} scope="row" data-head={head}>
                  {cells[at]}
                </th>
              ) : (
                <td key={head} data-head={head}>
                  {cells[at]}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
