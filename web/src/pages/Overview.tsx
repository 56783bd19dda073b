// The centre now and over time.
import { Segmented } from "../parts/antd";
import { useMemo, useState } from "react";
import { Link } from "react-router-dom";
import { useNodesOut, useOrgs, useOverview, usePools, useStats, useUsage, useWhoami } from "../api/queries";
import type { Overview as OverviewData, Pool, Usage } from "../api/types";
import { useNames, useWords } from "../i18n";
import { count, devices, num, percent, pflops } from "../lib/units";
import { Card, Empty, Figure, JobLink, Loaded, Meter, PageHead, StateTag, tierColours, When, Yuan } from "../parts/basics";
import { Reliability } from "../job/Reliability";
import { UsageChart, type Layer } from "../parts/UsageChart";

// What runs in a pool by tier, then what others hold, where a tenant sees only its own.
function usedParts(pool: Pool, overview: OverviewData | undefined) {
  const used = num(pool.open_milli) - num(pool.free_milli);
  const tiers = overview?.pools.find((one) => one.pool === pool.name)?.tiers ?? [];
  const parts = tiers.map((tier) => ({ name: String(tier.tier), value: num(tier.held_milli), colour: tierColours[tier.tier] ?? "#888" }));
  const seen = parts.reduce((sum, part) => sum + part.value, 0);
  if (used > seen) parts.push({ name: "others", value: used - seen, colour: "#8d99ae" });
  return { used, parts };
}

function PoolRow({ pool, overview }: { pool: Pool; overview: OverviewData | undefined }) {
  const { t, locale } = useWords();
  const name = useNames();
  const { used, parts } = usedParts(pool, overview);
  const share = percent(used, num(pool.devices_milli));
  return (
    <div className="stack" style={{ gap: 5 }}>
      <div className="row">
        <strong>{pool.name}</strong>
        <span className="faint">{pool.device_type}</span>
        <span style={{ flex: 1 }} />
        <span className="num">{t("pool.use", { used: devices(used, locale), all: devices(pool.devices_milli, locale), share })}</span>
      </div>
      <Meter whole={num(pool.devices_milli)} parts={parts} label={`${pool.name}: ${share} %`} />
      <div className="legend">
        {parts.filter((part) => part.value > 0).map((part) => (
          <span key={part.name}><i style={{ background: part.colour }} />{name("tier", part.name)} {devices(part.value, locale)}</span>
        ))}
        {num(pool.nodes_down) + num(pool.nodes_draining) > 0 && <span>{t("pool.out", { n: num(pool.nodes_down) + num(pool.nodes_draining) })}</span>}
      </div>
    </div>
  );
}

function useUsageLayers(usage: Usage | undefined, pools: Pool[], pool: string) {
  const { locale } = useWords();
  const name = useNames();
  return useMemo(() => {
    const step = num(usage?.step_ms);
    const whole = pools.filter((one) => !pool || one.name === pool).reduce((sum, one) => sum + num(one.devices_milli), 0);
    const byTier = new Map<string, number[]>();
    for (const series of usage?.series ?? []) {
      if (pool && series.pool !== pool) continue;
      const sums = byTier.get(series.tier) ?? Array.from({ length: num(usage?.steps) }, () => 0);
      series.milli_device_ms.forEach((value, i) => (sums[i] = sums[i]! + num(value)));
      byTier.set(series.tier, sums);
    }
    const format = new Intl.DateTimeFormat(locale, step > 3_600_000 ? { month: "numeric", day: "numeric", hour: "2-digit", hour12: false } : { hour: "2-digit", minute: "2-digit", hour12: false });
    const at = Array.from({ length: num(usage?.steps) }, (_, i) => format.format(num(usage?.from_us) / 1_000 + i * step));
    const last = at.length - 1;
    const lastMs = Math.max(1, Math.min(step, Date.now() - num(usage?.from_us) / 1_000 - last * step));
    const layers: Layer[] = ["reserved", "standard", "spot"]
      .filter((tier) => byTier.has(tier))
      .map((tier) => ({
        name: name("tier", tier),
        colour: tierColours[tier]!,
        percent: byTier.get(tier)!.map((value, i) => (whole ? Math.round((value * 1_000) / ((i === last ? lastMs : step) * whole)) / 10 : 0)),
      }));
    return { layers, times: at };
  }, [usage, pools, pool, locale, name]);
}

function UsageCard({ pools, org }: { pools: Pool[]; org: string }) {
  const { t } = useWords();
  const [range, setRange] = useState<"day" | "month">("day");
  const query = useUsage(range, org);
  const [pool, setPool] = useState("");
  const chart = useUsageLayers(query.data, pools, pool);
  return (
    <Card
      title={t(org ? "usage.own" : "usage.all")} span={8}
      extra={
        <span className="row">
          {pools.length > 1 && (
            <select className="small" aria-label={t("pool")} value={pool} onChange={(event) => setPool(event.target.value)} data-test="usage-pool">
              <option value="">{t("pools.all")}</option>
              {pools.map((one) => <option key={one.id} value={one.name}>{one.name}</option>)}
            </select>
          )}
          <Segmented size="small" value={range} onChange={(value) => setRange(value as "day" | "month")} options={[{ value: "day", label: t("usage.day") }, { value: "month", label: t("usage.month") }]} />
        </span>
      }
    >
      <div style={{ minHeight: 270 }}>
        <Loaded query={query} lines={8}>
          {() =>
            chart.layers.length === 0 ? (
              <Empty title={t("usage.none")} />
            ) : (
              <UsageChart {...chart} label={t("usage.label")} />
            )
          }
        </Loaded>
      </div>
    </Card>
  );
}

function Orgs() {
  const { t, locale } = useWords();
  const query = useOrgs();
  return (
    <Card title={t("orgs.now")} span={5} flush>
      <Loaded query={query}>
        {(orgs) => {
          const busy = [...orgs].sort((a, b) => num(b.jobs_running) - num(a.jobs_running) || num(b.jobs_waiting) - num(a.jobs_waiting)).slice(0, 10);
          return busy.length === 0 ? <Empty title={t("orgs.none")} /> : (
            <table className="list">
              <thead><tr><th>{t("org")}</th><th className="right">{t("state.running")}</th><th className="right">{t("state.waiting")}</th><th className="right">{t("balance")} ({t("cny")})</th></tr></thead>
              <tbody>
                {busy.map((org) => (
                  <tr key={org.id}>
                    <td><Link to={`/jobs?org=${encodeURIComponent(org.name)}&state=running,waiting`}>{org.title || org.name}</Link></td>
                    <td className="right num">{count(org.jobs_running, locale)}</td>
                    <td className="right num">{count(org.jobs_waiting, locale)}</td>
                    <td className="right"><Yuan micro={org.balance_micro_yuan} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Loaded>
    </Card>
  );
}

export default function Overview() {
  const { t, locale } = useWords();
  const who = useWhoami().data!;
  const stats = useStats();
  const pools = usePools();
  const overview = useOverview();
  const out = useNodesOut();
  const list = pools.data ?? [];
  const owned = list.reduce((sum, pool) => sum + pflops(num(pool.devices_milli), pool.device_gflops), 0);
  const used = list.reduce((sum, pool) => sum + pflops(num(pool.open_milli) - num(pool.free_milli), pool.device_gflops), 0);
  const held = list.reduce((sum, pool) => sum + num(pool.open_milli) - num(pool.free_milli), 0);
  const whole = list.reduce((sum, pool) => sum + num(pool.devices_milli), 0);
  const figure = (value: string | undefined) => value ?? "–";
  return (
    <>
      <PageHead title={t("nav.overview")} />
      <div className="grid">
        <Figure title={t("figure.devices")} below={pools.data && t("figure.devices.below", { share: percent(held, whole) })}>
          {figure(pools.data && devices(held, locale))} <small>/ {figure(pools.data && devices(whole, locale))}</small>
        </Figure>
        <Figure title={t("figure.pflops")} below={t("figure.pflops.below")}>
          {figure(pools.data && used.toLocaleString(locale))} <small>/ {figure(pools.data && owned.toLocaleString(locale))} PFLOPS</small>
        </Figure>
        <Figure title={t("figure.jobs")} below={stats.data && t("figure.jobs.below", { n: count(stats.data.jobs_waiting, locale) })}>
          {figure(stats.data && count(stats.data.jobs_running, locale))}
        </Figure>
        <Figure title={t(who.org ? "figure.unbilled" : "figure.revenue")} below={stats.data && <>{t("held")} <Yuan micro={stats.data.held_micro_yuan} /></>}>
          {stats.data ? <Yuan micro={stats.data.charged_micro_yuan} /> : "–"} <small>{t("cny")}</small>
        </Figure>
        <UsageCard pools={list} org={who.org} />
        <Card title={t("pools.now")} span={4} extra={<Link to="/map">{t("nav.map")}</Link>}>
          <Loaded query={pools} lines={8}>
            {(all) => (all.length ? <div className="stack" style={{ gap: 16 }}>{all.map((pool) => <PoolRow key={pool.id} pool={pool} overview={overview.data} />)}</div> : <Empty title={t("pools.none")} />)}
          </Loaded>
        </Card>
        <Orgs />
        <div className="s7 stack">
          <Card title={t("starts.next")}>
            <Loaded query={overview}>
              {(data) =>
                data.next_starts.length === 0 ? <p className="soft">{t("starts.none")}</p> : (
                  <div className="stack">
                    <div className="scroll-x" tabIndex={0}>
                      <table className="list" data-test="starts">
                        <thead><tr><th>{t("job")}</th><th>{t("org")}</th><th>{t("pool")}</th><th className="right">{t("starts.expected")}</th><th className="right">{t("starts.by")}</th></tr></thead>
                        <tbody>
                          {data.next_starts.slice(0, 8).map((start) => (
                            <tr key={String(start.job_id)}>
                              <td className="name"><JobLink id={start.job_id} name={start.job_name} /></td><td>{start.org}</td><td>{start.pool}</td>
                              <td className="right"><When us={start.expected_us} /></td>
                              <td className="right">{num(start.start_us) > 0 ? <span className="num" title={t("starts.reserved")}><When us={start.start_us} /> ◆</span> : <When us={start.expected_by_us} />}</td>
                            </tr>
                          ))}
                        </tbody>
                      </table>
                    </div>
                    <p className="faint">◆ {t("starts.reserved")}</p>
                    <Reliability />
                  </div>
                )
              }
            </Loaded>
          </Card>
          <Card title={t("incidents")}>
            <Loaded query={out}>
              {(nodes) =>
                nodes.length === 0 ? <p className="soft">{t("incidents.none")}</p> : (
                  <table className="list">
                    <tbody>
                      {nodes.slice(0, 12).map((node) => (
                        <tr key={node.id}><td>{node.name}</td><td><StateTag state={node.state} /></td><td className="wrap soft">{node.reason}</td></tr>
                      ))}
                    </tbody>
                  </table>
                )
              }
            </Loaded>
          </Card>
        </div>
      </div>
    </>
  );
}
