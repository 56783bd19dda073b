// Price sheets: what holds, a new one, and what it would have changed.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../api/change";
import { all } from "../api/client";
import { usePrices, useWhoami } from "../api/queries";
import type { Charge, PriceLine, PriceSheet, Wide } from "../api/types";
import { useWords } from "../i18n";
import { big, parseYuan, yuan } from "../lib/units";
import { Button, Input } from "../parts/antd";
import { Card, Loaded, TierTag, When, Yuan } from "../parts/basics";
import { Field } from "../parts/Field";
import { Refused } from "../parts/Refused";

type NewPrice = { pool: string; tier: string; micro: bigint | null; text: string };

// What the last thirty days of charges would have cost at other prices: charge by charge, exactly
// as the rule computes them but for each charge's own rounding, which is at most one micro-yuan.
export function repriced(charges: Charge[], prices: NewPrice[]) {
  let before = 0n;
  let after = 0n;
  const byOrg = new Map<string, [bigint, bigint]>();
  for (const charge of charges) {
    const price = prices.find((one) => one.pool === charge.pool && one.tier === charge.tier && one.micro !== null);
    const then = big(charge.micro_yuan);
    const now = price ? (big(charge.milli_device_ms) * price.micro!) / (1_000n * 3_600_000n) : then;
    before += then;
    after += now;
    const sums = byOrg.get(charge.org) ?? [0n, 0n];
    byOrg.set(charge.org, [sums[0] + then, sums[1] + now]);
  }
  return { before, after, byOrg };
}

function Impact({ prices }: { prices: NewPrice[] }) {
  const { t, locale } = useWords();
  const [since] = useState(() => (Date.now() - 30 * 86_400_000) * 1_000);
  const query = useQuery({ queryKey: ["charges", "impact"], queryFn: ({ signal }) => all<Charge>("/v1/charges", "charges", { since_us: since }, 50_000, signal), staleTime: 300_000 });
  return (
    <Loaded query={query}>
      {({ items, whole }) => {
        const { before, after, byOrg } = repriced(items, prices);
        const orgs = [...byOrg].sort((a, b) => Number(b[1][0] - a[1][0])).slice(0, 10);
        return (
          <div className="stack" data-test="impact">
            <p>{t("impact.sum", { before: yuan(before), after: yuan(after), change: `${after >= before ? "+" : ""}${yuan(after - before)}` })}</p>
            <p className="faint">{t("impact.note", { n: items.length.toLocaleString(locale) })}{whole ? "" : ` ${t("burn.part")}`}</p>
            <table className="list">
              <thead><tr><th>{t("org")}</th><th className="right">{t("impact.was")}</th><th className="right">{t("impact.is")}</th></tr></thead>
              <tbody>{orgs.map(([org, [was, is]]) => <tr key={org}><td>{org}</td><td className="right"><Yuan micro={was} /></td><td className="right"><Yuan micro={is} /></td></tr>)}</tbody>
            </table>
          </div>
        );
      }}
    </Loaded>
  );
}

// Versions of the rules, on hubs that keep them: prices may then come into force at a later time.
interface RulesVersion { id: number; name: string; effective_us: Wide; state: string; prices: number }
const useRules = () =>
  useQuery({ queryKey: ["rules"], queryFn: async ({ signal }) => (await all<RulesVersion>("/v1/rules", "rules", {}, 1_000, signal)).items, retry: false, staleTime: 60_000 });

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

function NewSheet({ current, onDone }: { current: PriceLine[]; onDone: () => void }) {
  const { t } = useWords();
  const [name, setName] = useState("");
  const [prices, setPrices] = useState<NewPrice[]>(() => current.map((line) => ({ pool: line.pool, tier: line.tier, micro: big(line.micro_yuan_per_device_hour), text: yuan(line.micro_yuan_per_device_hour).replaceAll(",", "") })));
  const publish = useChange(["prices", "rules"], onDone);
  const rules = useRules();
  const [from, setFrom] = useState("");
  const fromMs = from ? new Date(from).getTime() : 0;
  const late = from !== "" && !(fromMs > Date.now());
  const lines = prices.map((price) => ({ pool: price.pool, tier: price.tier, micro_yuan_per_device_hour: Number(price.micro) }));
  const request = from ? { path: "/v1/rules", body: { name: name.trim(), effective_us: fromMs * 1_000, prices: lines } } : { path: "/v1/prices", body: { name: name.trim(), lines } };
  const good = !late && name.trim() !== "" && prices.every((price) => price.micro !== null && price.micro >= 0n);
  return (
    <div className="grid">
      <Card span={6} title={t("prices.new")}>
        <div className="stack">
          <Field id="sheet-name" label={t("name")}><Input id="sheet-name" value={name} maxLength={64} onChange={(event) => setName(event.target.value)} /></Field>
          <table className="list">
            <thead><tr><th>{t("pool")}</th><th>{t("tier")}</th><th>{t("price")} ({t("perhour")})</th></tr></thead>
            <tbody>
              {prices.map((price, i) => (
                <tr key={`${price.pool}/${price.tier}`}>
                  <td>{price.pool}</td><td><TierTag tier={price.tier} /></td>
                  <td><Input aria-label={`${price.pool} ${price.tier}`} value={price.text} status={price.micro === null ? "error" : undefined} style={{ width: 130 }} onChange={(event) => setPrices(prices.map((one, j) => (j === i ? { ...one, text: event.target.value, micro: parseYuan(event.target.value) } : one)))} /></td>
                </tr>
              ))}
            </tbody>
          </table>
          {rules.isSuccess && (
            <div className="field">
              <label htmlFor="sheet-from">{t("prices.from")}</label>
              <Input id="sheet-from" type="datetime-local" style={{ maxWidth: 240 }} value={from} onChange={(event) => setFrom(event.target.value)} status={late ? "error" : undefined} />
              {late && <span className="wrong" role="alert">{t("prices.from.late")}</span>}
            </div>
          )}
          <p className="faint">{t(from ? "prices.later" : "prices.effective")}</p>
          <Refused error={publish.error} />
          <div className="row">
            <Button type="primary" disabled={!good} loading={publish.isPending} onClick={() => publish.mutate({ method: "POST", ...request })}>{t("prices.publish")}</Button>
            <Button onClick={onDone}>{t("back")}</Button>
          </div>
        </div>
      </Card>
      <Card span={6} title={t("impact.title")}><Impact prices={prices} /></Card>
    </div>
  );
}

export function Prices() {
  const { t } = useWords();
  const who = useWhoami().data!;
  const query = usePrices();
  const rules = useRules();
  const [making, setMaking] = useState(false);
  return (
    <Loaded query={query}>
      {(sheets: PriceSheet[]) => {
        const current = sheets.flatMap((sheet) => sheet.lines.filter((line) => line.current));
        if (making) return <NewSheet current={current} onDone={() => setMaking(false)} />;
        return (
          <div className="stack">
            {who.role === "operator" && <div className="row"><Button type="primary" onClick={() => setMaking(true)} disabled={current.length === 0}>{t("prices.new")}</Button></div>}
            <Scheduled rules={rules.data ?? []} />
            {[...sheets].reverse().map((sheet) => (
              <Card key={sheet.id} flush title={`${sheet.id} · ${sheet.name}`} extra={<span className="faint">{t("prices.since")} <When us={sheet.published_us} /></span>}>
                <table className="list">
                  <thead><tr><th>{t("lineno")}</th><th>{t("pool")}</th><th>{t("tier")}</th><th className="right">{t("price")} ({t("perhour")})</th><th>{t("state")}</th></tr></thead>
                  <tbody>{sheet.lines.map((line) => <tr key={line.line}><td className="num">{line.line}</td><td>{line.pool}</td><td><TierTag tier={line.tier} /></td><td className="right"><Yuan micro={line.micro_yuan_per_device_hour} /></td><td>{line.current ? <span className="tag" data-tone="good">{t("prices.current")}</span> : <span className="tag">{t("prices.past")}</span>}</td></tr>)}</tbody>
                </table>
              </Card>
            ))}
          </div>
        );
      }}
    </Loaded>
  );
}
