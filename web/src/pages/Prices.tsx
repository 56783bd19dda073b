// Price sheets: what holds, a new one, and what it would have changed in the last month.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useChange } from "../api/change";
import { send } from "../api/client";
import { usePools, usePrices, useRules, useWhoami } from "../api/queries";
import type { PriceLine, PriceSheet, Repricing, RulesVersion } from "../api/types";
import { useMeasures, useNames, useWords } from "../i18n";
import { saveAs } from "../job/LogView";
import { big, count, num, yuan } from "../lib/units";
import { Button, Input } from "../parts/antd";
import { Card, Empty, Loaded, Problem, Skeleton, TierTag, When, Yuan } from "../parts/basics";
import { Field } from "../parts/Field";
import { Refused } from "../parts/Refused";
import { draftLines, isService, rowsOf, rulesText, withText, type PriceRow } from "./priceDraft";

const plain = (micro: bigint | number | string) => yuan(micro).replaceAll(",", "");
const signed = (change: bigint) => `${change > 0n ? "+" : ""}${yuan(change)}`;

function What({ of }: { of: { tier: string; service: string } }) {
  const name = useNames();
  return isService(of) ? <>{name("service", of.service)}</> : <TierTag tier={of.tier} />;
}

// What the last month would have cost; asked again when the draft has been the same for a moment.
function Impact({ rows }: { rows: PriceRow[] }) {
  const { t, locale } = useWords();
  const draft = JSON.stringify(draftLines(rows, "all"));
  const [asked, setAsked] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(draft), 400);
    return () => clearTimeout(timer);
  }, [draft]);
  const query = useQuery({
    queryKey: ["impact", asked],
    queryFn: () => send<Repricing>("POST", "/v1/prices/whatif", { lines: JSON.parse(asked) as unknown }),
    enabled: asked !== "[]", staleTime: 300_000, placeholderData: keepPreviousData, retry: false,
  });
  if (asked === "[]") return <p className="soft">{t("impact.empty")}</p>;
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />;
  const view = query.data;
  if (!view) return <Skeleton lines={6} />;
  if (num(view.charges) === 0) return <p className="soft">{t("impact.nothing")}</p>;
  const change = (one: { was_micro_yuan: number | string; would_be_micro_yuan: number | string }) => signed(big(one.would_be_micro_yuan) - big(one.was_micro_yuan));
  const heads = <><th className="right">{t("impact.was")}</th><th className="right">{t("impact.is")}</th><th className="right">{t("impact.change")}</th></>;
  const sums = (one: Repricing["orgs"][0] | Repricing["lines"][0]) => <><td className="right"><Yuan micro={one.was_micro_yuan} /></td><td className="right"><Yuan micro={one.would_be_micro_yuan} /></td><td className="right num">{change(one)}</td></>;
  return (
    <div className="stack" data-test="impact" aria-busy={query.isFetching || asked !== draft}>
      <p>{t("impact.sum", { before: yuan(view.was_micro_yuan), after: yuan(view.would_be_micro_yuan), change: change(view) })}</p>
      {num(view.kept_micro_yuan) !== 0 && <p className="soft">{t("impact.kept", { sum: yuan(view.kept_micro_yuan) })}</p>}
      <p className="faint">{t("impact.note", { n: count(view.charges, locale) })}</p>
      <div className="scroll-x" tabIndex={0}>
        <table className="list">
          <thead><tr><th>{t("pool")}</th><th>{t("tierorservice")}</th>{heads}</tr></thead>
          <tbody>{view.lines.map((line) => <tr key={`${line.pool}/${line.tier}/${line.service}`}><td>{line.pool || "–"}</td><td><What of={line} /></td>{sums(line)}</tr>)}</tbody>
        </table>
      </div>
      <div className="scroll-x" tabIndex={0}>
        <table className="list">
          <thead><tr><th>{t("org")}</th>{heads}</tr></thead>
          <tbody>{view.orgs.slice(0, 20).map((org) => <tr key={org.org}><td>{org.org}</td>{sums(org)}</tr>)}</tbody>
        </table>
      </div>
      {view.orgs.length > 20 && <p className="faint">{t("impact.more", { n: count(view.orgs.length - 20, locale) })}</p>}
    </div>
  );
}

function Scheduled({ rules }: { rules: RulesVersion[] }) {
  const { t } = useWords();
  const coming = rules.filter((one) => one.state === "scheduled" && one.prices > 0);
  if (coming.length === 0) return null;
  return (
    <div className="note" data-tone="warn" data-test="scheduled">
      {coming.map((one) => <div key={one.id}>{t("prices.scheduled", { name: one.name, n: one.prices })} <When us={one.effective_us} /></div>)}
    </div>
  );
}

function PriceInputs({ rows, onRows }: { rows: PriceRow[]; onRows: (rows: PriceRow[]) => void }) {
  const { t } = useWords();
  const { per } = useMeasures();
  const name = useNames();
  return (
    <div className="scroll-x" tabIndex={0}>
      <table className="list">
        <thead><tr><th>{t("pool")}</th><th>{t("tierorservice")}</th><th className="right wide-only">{t("prices.now")}</th><th>{t("prices.new.price")}</th></tr></thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={`${row.pool}/${row.tier}/${row.service}`}>
              <td>{row.pool || "–"}</td><td><What of={row} /></td>
              <td className="right wide-only">{row.now === null ? "–" : <Yuan micro={row.now} />}</td>
              <td>
                <div className="row">
                  <Input aria-label={isService(row) ? name("service", row.service) : `${row.pool} ${name("tier", row.tier)}`} value={row.text} placeholder={row.now === null ? t("prices.none.yet") : plain(row.now)} status={row.micro === undefined ? "error" : undefined} style={{ width: 130 }} inputMode="decimal" onChange={(event) => onRows(rows.map((one, j) => (j === i ? withText(one, event.target.value) : one)))} />
                  <span className="faint">{per(row.service)}</span>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NewSheet({ current, pools, onDone }: { current: PriceLine[]; pools: string[]; onDone: () => void }) {
  const { t } = useWords();
  const [name, setName] = useState("");
  const [rows, setRows] = useState<PriceRow[]>(() => rowsOf(current, pools));
  const [from, setFrom] = useState("");
  const publish = useChange(["prices", "rules"], onDone);
  const fromMs = from ? new Date(from).getTime() : 0;
  const late = from !== "" && !(fromMs > Date.now());
  const lines = draftLines(rows, from ? "devices" : "all");
  const leftOut = from !== "" && rows.some((row) => isService(row) && row.text !== "");
  // At a later time prices come with a version of the rules, which the log names by its file.
  const rules = useMemo(() => rulesText(name.trim(), lines), [name, lines]);
  const request = from ? { path: "/v1/rules", body: { name: name.trim(), file_sm3: rules.sm3, effective_us: fromMs * 1_000, prices: lines } } : { path: "/v1/prices", body: { name: name.trim(), lines } };
  const good = !late && name.trim() !== "" && lines.length > 0 && rows.every((row) => row.micro !== undefined);
  return (
    <div className="grid">
      <Card span={6} title={t("prices.new")}>
        <div className="stack">
          <Field id="sheet-name" label={t("name")}><Input id="sheet-name" value={name} maxLength={64} onChange={(event) => setName(event.target.value)} /></Field>
          <PriceInputs rows={rows} onRows={setRows} />
          <p className="faint">{t("prices.keep")}</p>
          <div className="field">
            <label htmlFor="sheet-from">{t("prices.from")}</label>
            <Input id="sheet-from" type="datetime-local" style={{ maxWidth: 240 }} value={from} onChange={(event) => setFrom(event.target.value)} status={late ? "error" : undefined} />
            {late && <span className="wrong" role="alert">{t("prices.from.late")}</span>}
          </div>
          {leftOut && <div className="note" data-tone="warn">{t("prices.services.now")}</div>}
          <p className="faint">{t(from ? "prices.later" : "prices.effective")}</p>
          {from && <p className="faint">{t("prices.file")} <span className="mono wrap">{rules.sm3}</span> <Button size="small" onClick={() => saveAs(new Blob([rules.text]), `rules-${name.trim() || "draft"}.yaml`)} data-test="rules-file">{t("download")}</Button></p>}
          <Refused error={publish.error} />
          <div className="row">
            <Button type="primary" disabled={!good} loading={publish.isPending} onClick={() => publish.mutate({ method: "POST", ...request })} data-test="publish">{t("prices.publish")}</Button>
            <Button onClick={onDone}>{t("back")}</Button>
          </div>
        </div>
      </Card>
      <Card span={6} title={t("impact.title")}><Impact rows={rows} /></Card>
    </div>
  );
}

function SheetCard({ sheet }: { sheet: PriceSheet }) {
  const { t } = useWords();
  const { per } = useMeasures();
  return (
    <Card flush title={`${sheet.id} · ${sheet.name}`} extra={<span className="faint">{t("prices.since")} <When us={sheet.published_us} /></span>}>
      <div className="scroll-x" tabIndex={0}>
        <table className="list">
          <thead><tr><th>{t("lineno")}</th><th>{t("pool")}</th><th>{t("tierorservice")}</th><th className="right">{t("price")}</th><th>{t("for")}</th><th>{t("state")}</th></tr></thead>
          <tbody>{sheet.lines.map((line) => <tr key={line.line}><td className="num">{line.line}</td><td>{line.pool || "–"}</td><td><What of={line} /></td><td className="right"><Yuan micro={isService(line) ? line.micro_yuan_per_unit : line.micro_yuan_per_device_hour} /></td><td className="soft">{per(line.service)}</td><td>{line.current ? <span className="tag" data-tone="good">{t("prices.current")}</span> : <span className="tag">{t("prices.past")}</span>}</td></tr>)}</tbody>
        </table>
      </div>
    </Card>
  );
}

export function Prices() {
  const { t } = useWords();
  const who = useWhoami().data!;
  const query = usePrices();
  const rules = useRules();
  const pools = usePools();
  const [making, setMaking] = useState(false);
  const make = who.role === "operator" && <Button type="primary" onClick={() => setMaking(true)} disabled={!pools.data?.length} data-test="new-sheet">{t("prices.new")}</Button>;
  return (
    <Loaded query={query}>
      {(sheets: PriceSheet[]) => {
        const current = sheets.flatMap((sheet) => sheet.lines.filter((line) => line.current));
        if (making) return <NewSheet current={current} pools={(pools.data ?? []).map((pool) => pool.name)} onDone={() => setMaking(false)} />;
        return (
          <div className="stack">
            {sheets.length > 0 && make && <div className="row">{make}</div>}
            <Scheduled rules={rules.data ?? []} />
            {sheets.length === 0 && <Card><Empty title={t("prices.none")}>{make || t("prices.none.todo")}</Empty></Card>}
            {[...sheets].reverse().map((sheet) => <SheetCard key={sheet.id} sheet={sheet} />)}
          </div>
        );
      }}
    </Loaded>
  );
}
