/** A table with a name that is read out, and columns that are dropped on narrow screens by its own CSS. */
import type { ReactNode } from "react";
import "./table.css";

interface Props {
  label: string;
  columns: readonly string[];
  children: ReactNode;
}

export function Table({ label, columns, children }: Props) {
  return (
    <div className="table-frame">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
