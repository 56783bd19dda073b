// Who is entitled to what, who holds it, and who lends to whom.
import { Select } from "../parts/antd";
import { useMemo, useState } from "react";
import { Link } from "react-router-dom";
import { usePools, useShares, useWhoami } from "../api/queries";
import type { Share } from "../api/types";
import { useWords } from "../i18n";
import { count, devices, num } from "../lib/units";
import { Card, Empty, Loaded, PageHead } from "../parts/basics";

export function lending(shares: Share[]) {
  const rest = (share: Share) => num(share.deserved_milli) - num(share.held_milli);
  return {
    lenders: shares.filter((share) => rest(share) > 0).sort((a, b) => rest(b) - rest(a)),
    borrowers: shares.filter((share) => rest(share) < 0).sort((a, b) => rest(a) - rest(b)),
    idle: shares.reduce((sum, share) => sum + Math.max(0, rest(share)), 0),
    borrowed: shares.reduce((sum, share) => sum + Math.max(0, -rest(share)), 0),
  };
}

function Bars({ shares }: { shares: Share[] }) {
  const { t, locale } = useWords();
  const most = Math.max(1, ...shares.map((share) => Math.max(num(share.deserved_milli), num(share.held_milli))));
  return (
    <div className="scroll-x" tabIndex={0}>
      <table className="list">
        <thead>
          <tr><th>{t("org")}</th><th style={{ width: "36%" }}>{t("share.bar")}</th><th className="right">{t("share.deserved")}</th><th className="right">{t("share.held")}</th><th className="right">{t("share.over")}</th><th className="right">{t("share.weight")}</th><th className="right">{t("share.limit")}</th><th className="right">{t("state.waiting")}</th></tr>
        </thead>
        <tbody>
          {shares.map((share) => {
            const [held, deserved] = [num(share.held_milli), num(share.deserved_milli)];
            return (
              <tr key={share.org_id}>
                <td><Link to={`/jobs?org=${encodeURIComponent(share.org)}&pool=${encodeURIComponent(share.pool)}&state=running,waiting`}>{share.org}</Link></td>
                <td>
                  <div className="share-bar" role="img" aria-label={t("share.bar.label", { held: devices(held, locale), deserved: devices(deserved, locale) })} style={{ marginTop: 4 }}>
                    <i style={{ width: `${(Math.min(held, deserved) * 100) / most}%`, background: "var(--run)" }} />
                    {held > deserved && <i style={{ left: `${(deserved * 100) / most}%`, width: `${((held - deserved) * 100) / most}%`, background: "#d0841b" }} />}
                    <u style={{ left: `calc(${(deserved * 100) / most}% - 1px)` }} />
                  </div>
                </td>
                <td className="right num">{devices(deserved, locale)}</td><td className="right num">{devices(held, locale)}</td>
                <td className="right num">{held > deserved ? `+${devices(held - deserved, locale)}` : "–"}</td><td className="right num">{share.weight}</td>
                <td className="right num">{num(share.limit_milli) ? devices(share.limit_milli, locale) : "–"}</td><td className="right num">{count(share.waiting_jobs, locale)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export default function Shares() {
  const { t, locale } = useWords();
  const who = useWhoami().data!;
  const pools = usePools();
  const query = useShares();
  const [chosen, setChosen] = useState("");
  const pool = chosen || query.data?.find((share) => num(share.deserved_milli) > 0)?.pool || pools.data?.[0]?.name || "";
  const shown = useMemo(() => (query.data ?? []).filter((share) => share.pool === pool).sort((a, b) => num(b.held_milli) - num(a.held_milli) || num(b.deserved_milli) - num(a.deserved_milli) || a.org.localeCompare(b.org)), [query.data, pool]);
  const flows = lending(shown);
  return (
    <>
      <PageHead title={t("nav.shares")}>
        <span className="grow" />
        <Select style={{ minWidth: 160 }} aria-label={t("pool")} value={pool || undefined} onChange={setChosen} options={(pools.data ?? []).map((one) => ({ value: one.name, label: one.name }))} />
      </PageHead>
      <Loaded query={query} lines={8}>
        {() => (
          <div className="grid">
            <Card flush span={12} title={t("share.title", { pool })} extra={<span className="legend"><span><i style={{ background: "var(--run)" }} />{t("share.within")}</span><span><i style={{ background: "#d0841b" }} />{t("share.over")}</span><span>| {t("share.deserved")}</span></span>}>
              {shown.length ? <Bars shares={shown} /> : <Empty title={t("share.none")}>{t("share.none.todo")}</Empty>}
            </Card>
            {who.org === "" && shown.length > 0 && (
              <Card span={12} title={t("lend.title")}>
                <p className="soft" style={{ marginBottom: 12 }}>{t("lend.sum", { idle: devices(flows.idle, locale), borrowed: devices(flows.borrowed, locale) })}</p>
                <div className="grid">
                  <div className="s6 stack">
                    <h3>{t("lend.lenders")}</h3>
                    {flows.lenders.length === 0 && <span className="soft">{t("lend.none")}</span>}
                    {flows.lenders.slice(0, 12).map((share) => <div key={share.org} className="row"><span>{share.org}</span><span style={{ flex: 1 }} /><span className="num">{devices(num(share.deserved_milli) - num(share.held_milli), locale)}</span></div>)}
                  </div>
                  <div className="s6 stack">
                    <h3>{t("lend.borrowers")}</h3>
                    {flows.borrowers.length === 0 && <span className="soft">{t("lend.none")}</span>}
                    {flows.borrowers.slice(0, 12).map((share) => <div key={share.org} className="row"><span>{share.org}</span><span style={{ flex: 1 }} /><span className="num">{devices(num(share.held_milli) - num(share.deserved_milli), locale)}</span></div>)}
                  </div>
                </div>
              </Card>
            )}
          </div>
        )}
      </Loaded>
    </>
  );
}
