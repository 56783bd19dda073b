// The log: first what it is good for (a bill that can be checked), then blocks and entries.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "../parts/antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import { get } from "../api/client";
import { useInvoices, useWhoami } from "../api/queries";
import type { Block, LogEntry, LogHead, OperatorKey } from "../api/types";
import { useNames, useWords } from "../i18n";
import { count, num } from "../lib/units";
import { Card, Empty, Loaded, PageHead, When, Yuan } from "../parts/basics";
import { publicKey, verify } from "../proof/sm2";
import { fromHex, same, sm3 } from "../proof/sm3";

function LatestBill() {
  const { t } = useWords();
  const query = useInvoices();
  return (
    <Loaded query={query}>
      {(invoices) => {
        const last = invoices.at(-1);
        if (!last) return <p className="soft">{t("invoices.none")}</p>;
        return (
          <div className="stack">
            <p>{t("logbill.last", { id: String(last.id), org: last.org })} <strong><Yuan micro={last.total_micro_yuan} /></strong> {t("cny")}</p>
            <Link to={`/money/invoices/${last.id}`}><Button type="primary">{t("check.run")}</Button></Link>
          </div>
        );
      }}
    </Loaded>
  );
}

// The block's signature and its link to the one before, computed here.
async function examine(block: Block): Promise<{ signature: boolean; chain: boolean | null }> {
  const key = await get<OperatorKey>("/v1/log/key");
  const parsed = publicKey(fromHex(key.raw));
  const header = fromHex(block.header);
  const signature = parsed !== null && verify(parsed, header, fromHex(block.signature));
  if (num(block.number) <= 1) return { signature, chain: null };
  const before = await get<Block>(`/v1/log/blocks/${num(block.number) - 1}`);
  return { signature, chain: same(sm3(fromHex(before.header)), header.subarray(40, 72)) };
}

function BlockDetail({ number }: { number: number }) {
  const { t } = useWords();
  const query = useQuery({ queryKey: ["block", number], queryFn: ({ signal }) => get<Block>(`/v1/log/blocks/${number}`, {}, signal), staleTime: Infinity });
  const [found, setFound] = useState<{ signature: boolean; chain: boolean | null } | null>(null);
  return (
    <Loaded query={query}>
      {(block) => (
        <div className="stack">
          <dl className="facts">
            <dt>{t("block.entries")}</dt><dd className="num">{String(block.first_seq)} – {String(block.last_seq)}</dd>
            <dt>{t("block.closed")}</dt><dd><When us={block.time_us} /></dd>
            <dt>{t("block.witnesses")}</dt><dd>{block.witnesses}</dd>
            <dt>{t("block.sm3")}</dt><dd className="mono">{block.sm3}</dd>
            <dt>{t("block.before")}</dt><dd className="mono">{block.previous_sm3}</dd>
            <dt>{t("block.root")}</dt><dd className="mono">{block.merkle_root}</dd>
            <dt>{t("block.digest")}</dt><dd className="mono">{block.state_digest}</dd>
            <dt>{t("block.signature")}</dt><dd className="mono">{block.signature}</dd>
          </dl>
          <Button onClick={() => void examine(block).then(setFound)}>{t("block.check")}</Button>
          {found && (
            <ul className="check" role="status">
              <li>{found.signature ? "✓" : "✗"} {t(found.signature ? "block.signed" : "block.unsigned")}</li>
              {found.chain !== null && <li>{found.chain ? "✓" : "✗"} {t(found.chain ? "block.chained" : "block.unchained")}</li>}
            </ul>
          )}
        </div>
      )}
    </Loaded>
  );
}

function Blocks({ head }: { head: LogHead }) {
  const { t, locale } = useWords();
  const [back, setBack] = useState(0);
  const [open, setOpen] = useState(0);
  const last = num(head.last_block) - back * 20;
  const query = useQuery({
    queryKey: ["blocks", last],
    queryFn: async ({ signal }) => Promise.all(Array.from({ length: Math.min(20, last) }, (_, i) => get<Block>(`/v1/log/blocks/${last - i}`, {}, signal))),
    staleTime: Infinity,
  });
  if (num(head.last_block) === 0) return <Empty title={t("blocks.none")} />;
  return (
    <>
      <Loaded query={query} lines={8}>
        {(blocks) => (
          <div className="scroll-x" tabIndex={0}>
            <table className="list">
              <thead><tr><th>{t("block")}</th><th>{t("block.closed")}</th><th>{t("block.entries")}</th><th className="right">{t("count")}</th><th>{t("block.witnesses")}</th><th>{t("block.sm3")}</th></tr></thead>
              <tbody>
                {blocks.map((block) => (
                  <tr key={String(block.number)}>
                    <td><Button type="link" size="small" style={{ padding: 0 }} onClick={() => setOpen(num(block.number))}>{String(block.number)}</Button></td>
                    <td><When us={block.time_us} /></td><td className="num">{String(block.first_seq)} – {String(block.last_seq)}</td>
                    <td className="right num">{count(num(block.last_seq) - num(block.first_seq) + 1, locale)}</td><td>{block.witnesses}</td><td className="mono faint">{block.sm3.slice(0, 16)}…</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      <div className="row" style={{ padding: "10px 18px" }}>
        <Button size="small" disabled={back === 0} onClick={() => setBack(back - 1)}>{t("newer")}</Button>
        <Button size="small" disabled={last <= 20} onClick={() => setBack(back + 1)}>{t("older")}</Button>
      </div>
      <Drawer open={open > 0} onClose={() => setOpen(0)} title={`${t("block")} ${open}`} width={Math.min(640, window.innerWidth)} destroyOnClose>
        <BlockDetail number={open} />
      </Drawer>
    </>
  );
}

function Entries() {
  const { t } = useWords();
  const name = useNames();
  const query = useInfiniteQuery({
    queryKey: ["entries"],
    queryFn: ({ pageParam, signal }) => get<{ entries: LogEntry[]; next_cursor: string }>("/v1/log/entries", { limit: 50, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const list = query.data?.pages.flatMap((page) => page.entries);
  return (
    <>
      <Loaded query={{ data: list, error: query.error, refetch: query.refetch }}>
        {(entries) => entries.length === 0 ? <Empty title={t("entries.none")} /> : (
          <div className="scroll-x" tabIndex={0}>
            <table className="list">
              <thead><tr><th>{t("entry")}</th><th>{t("time")}</th><th>{t("command")}</th><th>{t("who")}</th><th>{t("block.sm3")}</th></tr></thead>
              <tbody>
                {entries.map((entry) => (
                  <tr key={String(entry.seq)}><td className="num">{String(entry.seq)}</td><td><When us={entry.time_us} /></td><td>{name("command", entry.kind)}</td><td>{entry.member ? `${entry.member}${entry.org ? ` · ${entry.org}` : ""}` : t("system")}</td><td className="mono faint">{entry.sm3.slice(0, 16)}…</td></tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {query.hasNextPage && <div style={{ padding: "10px 18px" }}><Button size="small" onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>{t("more")}</Button></div>}
    </>
  );
}

export default function Log() {
  const { t, locale } = useWords();
  const who = useWhoami().data!;
  const head = useQuery({ queryKey: ["head"], queryFn: ({ signal }) => get<LogHead>("/v1/log/head", {}, signal), refetchInterval: 10_000 });
  return (
    <>
      <PageHead title={t("nav.log")} />
      <div className="grid">
        <Card title={t("logbill.title")} span={5}><LatestBill /></Card>
        <Card title={t("loghead.title")} span={7}>
          <Loaded query={head}>
            {(now) => (
              <dl className="facts">
                <dt>{t("loghead.entries")}</dt><dd className="num">{count(now.last_seq, locale)}</dd>
                <dt>{t("loghead.blocks")}</dt><dd className="num">{count(now.last_block, locale)}</dd>
                <dt>{t("loghead.id")}</dt><dd className="mono">{now.log_id}</dd>
                <dt>{t("loghead.key")}</dt><dd className="mono">{now.operator_key_sm3} <a href="/v1/log/key">{t("download")}</a></dd>
              </dl>
            )}
          </Loaded>
        </Card>
        <Card title={t("blocks")} span={12} flush><Loaded query={head}>{(now) => <Blocks head={now} />}</Loaded></Card>
        <Card title={t("entries.title")} span={12} flush>
          {who.role === "operator" ? <Empty title={t("entries.role")} /> : <Entries />}
        </Card>
      </div>
    </>
  );
}
