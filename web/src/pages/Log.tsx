// The log: first what it is good for (a bill that can be checked), then blocks and entries.
import { useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "../parts/antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router-dom";
import { get } from "../api/client";
import { useInvoices, useWhoami, useWitnesses } from "../api/queries";
import type { Block, LogHead } from "../api/types";
import { useWords } from "../i18n";
import { count, num } from "../lib/units";
import { Card, Empty, Loaded, PageHead, Problem, When, Yuan } from "../parts/basics";
import { EntryRows } from "../parts/Entries";
import { examine, type Found } from "../proof/block";

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

function BlockDetail({ number }: { number: number }) {
  const { t } = useWords();
  const query = useQuery({ queryKey: ["block", number], queryFn: ({ signal }) => get<Block>(`/v1/log/blocks/${number}`, {}, signal) });
  const witnesses = useWitnesses().data ?? [];
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const check = (block: Block) => {
    setProblem(null);
    examine(block).then(setFound, setProblem);
  };
  const sign = (good: boolean) => (good ? "✓" : "✗");
  const witnessOf = (key: string) => witnesses.find((one) => one.public_key === key)?.name ?? `${key.slice(0, 16)}…`;
  return (
    <Loaded query={query}>
      {(block) => (
        <div className="stack">
          <dl className="facts">
            <dt>{t("block.entries")}</dt><dd className="num">{String(block.first_seq)} – {String(block.last_seq)}</dd>
            <dt>{t("block.closed")}</dt><dd><When us={block.time_us} /></dd>
            <dt>{t("block.sm3")}</dt><dd className="mono">{block.sm3}</dd>
            <dt>{t("block.before")}</dt><dd className="mono">{block.previous_sm3}</dd>
            <dt>{t("block.root")}</dt><dd className="mono">{block.merkle_root}</dd>
            <dt>{t("block.digest")}</dt><dd className="mono">{block.state_digest}</dd>
            <dt>{t("block.signature")}</dt><dd className="mono">{block.signature}</dd>
            <dt>{t("witnesses")}</dt><dd>{block.cosignatures.length ? block.cosignatures.map((one) => <div key={one.public_key}>{witnessOf(one.public_key)} <span className="mono faint">{one.signature.slice(0, 32)}…</span></div>) : t("witnesses.noneyet")}</dd>
          </dl>
          <div><Button onClick={() => check(block)} data-test="check-block">{t("block.check")}</Button></div>
          {problem !== null && <Problem error={problem} />}
          {found && (
            <ul className="check" role="status" data-test="block-found">
              <li>{sign(found.signature)} {t(found.signature ? "block.signed" : "block.unsigned")}</li>
              {found.chain !== null && <li>{sign(found.chain)} {t(found.chain ? "block.chained" : "block.unchained")}</li>}
              {found.witnesses.map((one) => <li key={one.key}>{sign(one.good)} {t(one.good ? "block.cosigned" : "block.uncosigned", { name: witnessOf(one.key) })}</li>)}
            </ul>
          )}
        </div>
      )}
    </Loaded>
  );
}

// Who re-executes the log elsewhere and says so, and how far each has come.
function Witnesses() {
  const { t, locale } = useWords();
  const query = useWitnesses();
  return (
    <Loaded query={query}>
      {(witnesses) => witnesses.length === 0 ? <Empty title={t("witnesses.none")}>{t("witnesses.none.todo")}</Empty> : (
        <div className="scroll-x" tabIndex={0}>
          <table className="list" data-test="witnesses">
            <thead><tr><th>{t("name")}</th><th>{t("state")}</th><th className="right">{t("witnesses.last")}</th><th className="right">{t("witnesses.behind")}</th><th>{t("witnesses.since")}</th><th>{t("witnesses.key")}</th></tr></thead>
            <tbody>
              {witnesses.map((one) => {
                const gone = num(one.until_seq) > 0;
                return (
                  <tr key={one.id}>
                    <td>{one.name}{one.title && <div className="faint wrap">{one.title}</div>}</td>
                    <td><span className="tag" data-tone={gone ? undefined : num(one.last_block) === 0 ? "warn" : "good"}>{t(gone ? "witnesses.removed" : num(one.last_block) === 0 ? "witnesses.silent" : "witnesses.signs")}</span>{gone && one.reason && <div className="faint wrap">{one.reason}</div>}</td>
                    <td className="right num">{num(one.last_block) ? count(one.last_block, locale) : "–"}</td><td className="right num">{gone ? "–" : count(one.lag_blocks, locale)}</td>
                    <td><When us={one.registered_us} /></td><td className="mono faint">{one.public_key_sm3.slice(0, 16)}…</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Loaded>
  );
}

function Blocks({ head }: { head: LogHead }) {
  const { t, locale } = useWords();
  const [back, setBack] = useState(0);
  const [search, setSearch] = useSearchParams();
  const wanted = Number(search.get("block"));
  const open = Number.isSafeInteger(wanted) && wanted > 0 ? wanted : 0;
  const setOpen = (block: number) => setSearch(block ? { block: String(block) } : {}, { replace: true });
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
        <Card title={t("witnesses")} span={12} flush extra={<span className="faint">{t("witnesses.what")}</span>}><Witnesses /></Card>
        <Card title={t("entries.title")} span={12} flush extra={<span className="faint">{t(who.role === "operator" ? "entries.operator" : who.role === "auditor" ? "entries.auditor" : "entries.tenant")}</span>}><EntryRows /></Card>
      </div>
    </>
  );
}
