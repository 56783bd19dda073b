// A long list of which only the rows in sight exist. Rows have one height; the heads may sort.
// ARIA tells a reader how many rows there are in all.
import { useCallback, useEffect, useRef, useState, type ReactNode } from "react";
import { useWords } from "../i18n";

export interface Column<Item> {
  key: string;
  title: string;
  width: string; // of the grid
  right?: boolean;
  cell: (item: Item) => ReactNode;
  sorts?: "rising" | "falling"; // the owner of the list can sort by it; which way comes first
}
export interface Order {
  key: string;
  falling: boolean;
}

// The next page of a list that comes in pages, when its end is in sight.
export function useMore(query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }): () => void {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  return useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
}

const row_px = 44;
const spare_rows = 8;

export function VirtualList<Item>(props: {
  columns: Column<Item>[];
  items: Item[];
  keyOf: (item: Item) => string | number;
  label: string;
  height?: number | string; // as high as its rows and the screen allow, where it is left out
  minWidth: number;
  order?: Order;
  onOrder?: (order: Order | undefined) => void;
  onEnd?: () => void; // the last rows come into sight
  foot?: ReactNode;
}) {
  const { t } = useWords();
  const { columns, items, onEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight || 600 });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      watch.disconnect();
    };
  }, []);
  const from = Math.max(0, Math.floor(view.top / row_px) - spare_rows);
  const to = Math.min(items.length, Math.ceil((view.top + view.height) / row_px) + spare_rows);
  useEffect(() => {
    if (to >= items.length && items.length > 0) onEnd?.();
  }, [to, items.length, onEnd]);
  const grid = { gridTemplateColumns: columns.map((column) => column.width).join(" "), height: row_px };
  const turn = (column: Column<Item>) => {
    const now = props.order?.key === column.key ? props.order : undefined;
    const first = column.sorts === "falling";
    props.onOrder?.(now === undefined ? { key: column.key, falling: first } : now.falling === first ? { key: column.key, falling: !first } : undefined);
  };
  return (
    <div
      className="vlist"
      ref={box}
      role="table"
      aria-label={props.label}
      aria-rowcount={items.length + 1}
      tabIndex={0}
      style={{ height: props.height ?? `min(${(items.length + 1) * row_px + (props.foot ? 44 : 0) + 16}px, max(360px, calc(100vh - 260px)))`, ["--list-width" as string]: `${props.minWidth}px` }}
    >
      <div className="vrow vhead" role="row" aria-rowindex={1} style={{ ...grid, position: "sticky" }}>
        {columns.map((column) => {
          const sorted = props.order?.key === column.key ? (props.order.falling ? "descending" : "ascending") : undefined;
          return (
            <div key={column.key} role="columnheader" aria-sort={sorted} className={column.right ? "right" : undefined}>
              {column.sorts ? (
                <button onClick={() => turn(column)} title={t("sort")}>
                  {column.title}
                  <span aria-hidden="true">{sorted === "ascending" ? "↑" : sorted === "descending" ? "↓" : "↕"}</span>
                </button>
              ) : (
                column.title
              )}
            </div>
          );
        })}
      </div>
      <div role="rowgroup" style={{ position: "relative", height: items.length * row_px, minWidth: props.minWidth }}>
        {items.slice(from, to).map((item, i) => (
          <div key={props.keyOf(item)} className="vrow" role="row" aria-rowindex={from + i + 2} style={{ ...grid, top: (from + i) * row_px }}>
            {columns.map((column) => (
              <div key={column.key} role="cell" className={column.right ? "right cut" : "cut"}>
                {column.cell(item)}
              </div>
            ))}
          </div>
        ))}
      </div>
      {props.foot}
    </div>
  );
}
