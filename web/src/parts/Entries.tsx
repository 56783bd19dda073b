// Entries of the log that one may read, the newest first: what was asked of the hub, and by whom.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "../api/client";
import type { LogEntry } from "../api/types";
import { useNames, useWords } from "../i18n";
import { Button, Drawer } from "./antd";
import { Empty, Loaded, When } from "./basics";

export function EntryRows() {
  const { t } = useWords();
  const name = useNames();
  const [open, setOpen] = useState<LogEntry | null>(null);
  const query = useInfiniteQuery({
    queryKey: ["entries"],
    queryFn: ({ pageParam, signal }) => get<{ entries: LogEntry[]; next_cursor: string }>("/v1/log/entries", { limit: 20, newest: true, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const list = query.data?.pages.flatMap((page) => page.entries);
  return (
    <>
      <Loaded query={{ data: list, error: query.error, refetch: query.refetch }}>
        {(entries) => entries.length === 0 ? <Empty title={t("entries.none")} /> : (
          <div className="scroll-x" tabIndex={0}>
            <table className="list" data-test="entries">
              <thead><tr><th>{t("entry")}</th><th>{t("time")}</th><th>{t("command")}</th><th>{t("who")}</th><th>{t("block.sm3")}</th></tr></thead>
              <tbody>
                {entries.map((entry) => (
                  <tr key={String(entry.seq)}>
                    <td className="num"><Button type="link" size="small" style={{ padding: 0 }} onClick={() => setOpen(entry)}>{String(entry.seq)}</Button></td>
                    <td><When us={entry.time_us} /></td><td>{name("command", entry.kind)}</td><td>{entry.member ? `${entry.member}${entry.org ? ` · ${entry.org}` : ""}` : t("system")}</td><td className="mono faint">{entry.sm3.slice(0, 16)}…</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {query.hasNextPage && <div style={{ padding: "10px 18px" }}><Button size="small" onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>{t("more")}</Button></div>}
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={open && `${t("entry")} ${open.seq} · ${name("command", open.kind)}`} width={Math.min(640, window.innerWidth)} destroyOnClose>
        {open && <pre className="code-box" style={{ maxHeight: "none" }} tabIndex={0}>{JSON.stringify(open.entry, null, 2)}</pre>}
      </Drawer>
    </>
  );
}
