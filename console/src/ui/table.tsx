/** Tables: sorted by a click on a heading, chosen by row, windowed when they are long. */
import { useState, type ReactNode } from "react";
import "./table.css";
import { Skeleton } from "./controls";
import { useSorted } from "./sorted";
import { moveFocus, useRowFocus } from "./table_focus";
import { useWindow } from "./window";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** What to sort by; without it the column cannot be sorted. */
  sort?: (row: Row) => string | number;
  /** Left out on narrow screens. */
  minor?: boolean;
  number?: boolean;
  /** In CSS pixels; windowed tables share the rest among columns without. */
  width?: number;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined; // undefined: still loading
  rowKey: (row: Row) => string | number;
  empty: ReactNode;
  chosen?: string | number | undefined;
  onChoose?: ((row: Row) => void) | undefined;
  /** At most so high (CSS pixels), scrolled inside; long tables only draw what is seen. */
  height?: number;
}

const ROW_HEIGHT = 36;
/** From here on rows that nobody sees are not drawn. */
const WINDOWED_FROM = 200;

export function Table<Row>({ label, columns, rows, rowKey, empty, chosen, onChoose, height }: TableProps<Row>) {
  const [order, setOrder] = useState<{ title: string; down: boolean } | null>(null);
  const sorted = useSorted(rows, columns.find(({ title }) => title === order?.title)?.sort, order?.down);
  const windowed = height !== undefined && (sorted?.length ?? 0) > WINDOWED_FROM;
  const { frame, first, last } = useWindow(sorted?.length ?? 0, ROW_HEIGHT, windowed);
  const shown = (windowed ? sorted?.slice(first, last) : sorted) ?? [];
  const focus = useRowFocus(frame, onChoose !== undefined, shown.map(rowKey), chosen);
  if (!sorted) return <div className="inside" style={{ padding: 16 }}><Skeleton /></div>;
  if (sorted.length === 0) return <>{empty}</>;
  const spacer = (count: number) => count > 0 && (
    <tr className="spacer" aria-hidden="true"><td colSpan={columns.length} style={{ height: count * ROW_HEIGHT }} /></tr>
  );
  return (
    <div className="table-frame" ref={frame} style={height === undefined ? undefined : { maxHeight: height }}
      tabIndex={height === undefined ? undefined : 0} role={height === undefined ? undefined : "region"}
      aria-label={height === undefined ? undefined : label}>
      <table className={`table ${windowed ? "windowed" : ""}`} aria-label={label} aria-rowcount={windowed ? sorted.length + 1 : undefined}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" style={column.width ? { width: column.width } : undefined}
                className={`${column.minor ? "minor" : ""} ${column.number ? "number" : ""}`}
                aria-sort={order?.title === column.title ? (order.down ? "descending" : "ascending") : undefined}>
                {column.sort
                  ? <button type="button" onClick={() => setOrder({ title: column.title, down: order?.title === column.title && !order.down })}>
                      {column.title}{order?.title === column.title && (order.down ? " ▾" : " ▴")}
                    </button>
                  : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {windowed && spacer(first)}
          {shown.map((row, index) => (
            <tr key={rowKey(row)} {...focus(rowKey(row))} aria-selected={onChoose ? chosen === rowKey(row) : undefined}
              aria-rowindex={windowed ? first + index + 2 : undefined} className={onChoose ? "choosable" : undefined}
              onClick={onChoose && ((event) => {
                // What is used inside of a row is not the row.
                if (!(event.target as Element).closest("a, button, input, select, [role=menu]")) onChoose(row);
              })}
              onKeyDown={onChoose && ((event) => {
                if (event.key === "Enter" && event.target === event.currentTarget) onChoose(row);
                moveFocus(event);
              })}>
              {columns.map((column) => (
                <td key={column.title} className={`${column.minor ? "minor" : ""} ${column.number ? "number" : ""}`}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
          {windowed && spacer(sorted.length - last)}
        </tbody>
      </table>
    </div>
  );
}
