// Who is entitled to what, who holds it, and who lends to whom.
import { Select } from "../parts/antd";
import { useMemo, useState } from "react";
import { Link } from "react-router-dom";
import { usePools, useShares, useWhoami } from "../api/queries";
import type { Share } from "../api/types";
import { useWords } from "../i18n";
import { count, devices, num } from "../lib/units";
import { Card, Empty, Loaded, PageHead } from "../parts/basics";
import { VirtualList, type Column } from "../parts/VirtualList";

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
  const over = (share: Share) => num(share.held_milli) - num(share.deserved_milli);
  const number = (key: string, title: string, width: string, cell: (share: Share) => string): Column<Share> => ({ key, title, width, right: true, cell: (share) => <span className="num">{cell(share)}</span> });
  const columns: Column<Share>[] = [
    { key: "org", title: t("org"), width: "minmax(110px, 1fr)", cell: (share) => <Link to={`/jobs?org=${encodeURIComponent(share.org)}&pool=${encodeURIComponent(share.pool)}&state=running,waiting`} title={share.org}>{share.org}</Link> },
    { key: "bar", title: t("share.bar"), width: "minmax(160px, 2fr)", cell: (share) => <ShareBar share={share} most={most} /> },
    number("deserved", t("share.deserved"), "88px", (share) => devices(share.deserved_milli, locale)),
    number("held", t("share.held"), "88px", (share) => devices(share.held_milli, locale)),
    number("over", t("share.over"), "88px", (share) => (over(share) > 0 ? `+${devices(over(share), locale)}` : "–")),
    number("weight", t("share.weight"), "64px", (share) => count(share.weight, locale)),
    number("limit", t("share.limit"), "72px", (share) => (num(share.limit_milli) ? devices(share.limit_milli, locale) : "–")),
    number("waiting", t("share.waiting"), "92px", (share) => count(share.waiting_jobs, locale)),
  ];
  return <VirtualList columns={columns} items={shares} keyOf={(share) => share.org_id} label={t("nav.shares")} minWidth={860} />;
}

function ShareBar({ share, most }: { share: Share; most: number }) {
  const { t, locale } = useWords();
  const [held, deserved] = [num(share.held_milli), num(share.deserved_milli)];
  return (
    <div className="share-bar" role="img" aria-label={t("share.bar.label", { held: devices(held, locale), deserved: devices(deserved, locale) })}>
      <i style={{ width: `${(Math.min(held, deserved) * 100) / most}%`, background: "var(--run)" }} />
      {held > deserved && <i style={{ left: `${(deserved * 100) / most}%`, width: `${((held - deserved) * 100) / most}%`, background: "#d0841b" }} />}
      <u style={{ left: `calc(${(deserved * 100) / most}% - 1px)` }} />
    </div>
  );
}

export default function Shares() {
  const { t, locale } = useWords();
  const who = useWhoami().data!;
  const pools = usePools();
  const query = useShares();
  const [chosen, setChosen] = useState("");
  // The largest pool in which anybody is entitled to something.
  const shared = new Set((query.data ?? []).filter((share) => num(share.deserved_milli) > 0).map((share) => share.pool));
  const largest = [...(pools.data ?? [])].sort((a, b) => num(b.devices_milli) - num(a.devices_milli));
  const pool = chosen || (largest.find((one) => shared.has(one.name)) ?? largest[0])?.name || "";
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
