// What an org has, what is held, what was charged, and by which paper.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Input, Select, Tabs } from "../parts/antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router-dom";
import { get } from "../api/client";
import { useBudgets, useInvoices, useOrgs, useVouchers, useWhoami } from "../api/queries";
import type { Budget, Charge, Org, Usage, Voucher } from "../api/types";
import { useMeasures, useNames, usePayer, useWords } from "../i18n";
import { big, num, percent, yuan } from "../lib/units";
import { chargesByDay, day_ms, daysLeft, forecastDays, leftByDay } from "./burn";
import { Card, Empty, JobLink, Loaded, Meter, PageHead, TierTag, When, Yuan } from "../parts/basics";
import { useMore, VirtualList, type Column } from "../parts/VirtualList";

const Chart = lazy(() => import("../parts/Chart"));

// Charges of the last thirty days, by day of this browser's zone, as the hub has summed them.
function useBurn(org: string) {
  return useQuery({
    queryKey: ["usage", "burn", org],
    queryFn: async ({ signal }) => chargesByDay(await get<Usage>("/v1/usage", { range: "month", org }, signal), Date.now()),
    staleTime: 60_000,
  });
}

// What was left at the end of each day, and when it is used up at the pace of the last seven.
function Burn({ org, left }: { org: string; left: bigint }) {
  const { t, locale } = useWords();
  const query = useBurn(org);
  const days = query.data;
  const option = useMemo(() => {
    const format = new Intl.DateTimeFormat(locale, { month: "numeric", day: "numeric" });
    const ahead = days ? forecastDays(left, days) : [];
    const first = Date.now() - 29 * day_ms;
    const dates = Array.from({ length: 30 + ahead.length }, (_, i) => format.format(first + i * day_ms));
    const yuanOf = (value: bigint) => Number(value) / 1e6;
    const was = days ? leftByDay(left, days).map(yuanOf) : [];
    return {
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0 },
      tooltip: { trigger: "axis" as const, valueFormatter: (value: unknown) => (value === undefined || value === null || value === "-" ? "–" : `${Number(value).toLocaleString(locale, { maximumFractionDigits: 6 })} ${t("cny")}`) },
      xAxis: { type: "category" as const, data: dates },
      yAxis: [{ type: "value" as const, min: 0 }, { type: "value" as const, splitLine: { show: false } }],
      series: [
        { type: "bar" as const, name: t("burn.charged"), yAxisIndex: 1, color: "#8fb0e8", data: (days ?? []).map(yuanOf) },
        { type: "line" as const, name: t("burn.was"), color: "#3f7ae0", showSymbol: false, data: was },
        { type: "line" as const, name: t("burn.will"), color: "#d0841b", showSymbol: false, lineStyle: { type: "dashed" as const }, data: ahead.length ? [...Array.from({ length: 29 }, () => "-"), was[29]!, ...ahead.map(yuanOf)] : [] },
      ],
    };
  }, [days, left, locale, t]);
  return (
    <Loaded query={query} lines={6}>
      {(burn) => {
        const rest = daysLeft(left, burn);
        return (
          <div className="stack">
            <p className="soft" data-test="burn">
              {rest === null ? t("burn.none") : rest > 3_650 ? t("burn.long") : t("burn.left", { days: rest.toLocaleString(locale), date: new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(Date.now() + rest * 86_400_000) })}
            </p>
            <Suspense fallback={<div style={{ height: 240 }} />}><Chart option={option} height={240} label={t("burn.label")} /></Suspense>
          </div>
        );
      }}
    </Loaded>
  );
}

function BudgetRow({ budget }: { budget: Budget }) {
  const { t } = useWords();
  const granted = num(budget.granted_micro_yuan);
  return (
    <div className="stack" style={{ gap: 5 }}>
      <div className="row">
        <strong>{budget.project || budget.org}</strong>
        {budget.project && <span className="faint">{budget.org}</span>}
        <span style={{ flex: 1 }} />
        <span className="num">{t("budget.left", { left: yuan(budget.left_micro_yuan), all: yuan(budget.granted_micro_yuan) })}</span>
      </div>
      <Meter whole={granted} label={t("budget.share", { n: percent(granted - num(budget.left_micro_yuan), granted) })}
        parts={[{ value: num(budget.charged_micro_yuan), colour: "var(--run)" }, { value: num(budget.held_micro_yuan), colour: "#d0841b" }]} />
    </div>
  );
}

function Balance({ org }: { org: Org }) {
  const { t } = useWords();
  const budgets = useBudgets();
  const own = (budgets.data ?? []).filter((budget) => budget.org === org.name);
  const spendable = big(org.available_micro_yuan) + big(org.vouchers_left_micro_yuan);
  return (
    <div className="grid">
      {([["balance", org.balance_micro_yuan], ["held", org.held_micro_yuan], ["available", org.available_micro_yuan], ["vouchers.left", org.vouchers_left_micro_yuan]] as const).map(([word, value]) => (
        <section key={word} className="card figure s3">
          <h3>{t(word)}</h3>
          <b style={{ fontSize: "clamp(14px, 4.2vw, 20px)" }}><Yuan micro={value} /></b>
          <span className="faint">{t("cny")}</span>
        </section>
      ))}
      <Card title={t("burn.title")} span={7} extra={<span className="faint">{t("burn.days")}</span>}><Burn org={org.name} left={spendable} /></Card>
      <Card title={t("budgets")} span={5} extra={<span className="legend"><span><i style={{ background: "var(--run)" }} />{t("charged")}</span><span><i style={{ background: "#d0841b" }} />{t("held")}</span></span>}>
        <Loaded query={budgets}>{() => (own.length ? <div className="stack" style={{ gap: 16 }}>{own.map((budget) => <BudgetRow key={`${budget.project_id}`} budget={budget} />)}</div> : <p className="soft">{t("budgets.none")}</p>)}</Loaded>
      </Card>
      <Card title={t("unbilled")} span={12}>
        <p><strong><Yuan micro={org.unbilled_micro_yuan} /></strong> {t("cny")} <span className="soft">{t("unbilled.since")} <When us={org.billed_until_us} /></span></p>
      </Card>
    </div>
  );
}

function VoucherCard({ voucher }: { voucher: Voucher }) {
  const { t } = useWords();
  return (
    <Card title={<>{t("voucher")} {voucher.id} <span className="soft">· {voucher.org}</span></>} span={6} extra={voucher.expired ? <span className="tag" data-tone="bad">{t("expired")}</span> : <span className="tag" data-tone="good">{t("valid")}</span>}>
      <div className="stack">
        <Meter whole={num(voucher.amount_micro_yuan)} label={t("budget.share", { n: percent(num(voucher.spent_micro_yuan), num(voucher.amount_micro_yuan)) })}
          parts={[{ value: num(voucher.spent_micro_yuan), colour: "var(--run)" }, { value: num(voucher.held_micro_yuan), colour: "#d0841b" }]} />
        <dl className="facts">
          <dt>{t("vouchers.left")}</dt><dd><strong><Yuan micro={voucher.left_micro_yuan} /></strong> / <Yuan micro={voucher.amount_micro_yuan} /> {t("cny")}</dd>
          <dt>{t("spent")}</dt><dd><Yuan micro={voucher.spent_micro_yuan} /> {t("cny")}</dd>
          <dt>{t("funder")}</dt><dd>{voucher.funder}</dd>
          <dt>{t("expires")}</dt><dd><When us={voucher.expires_us} /></dd>
          <dt>{t("pays")}</dt><dd className="wrap">{t("pays.compute")}{voucher.pools.length ? `, ${t("pays.pools")} ${voucher.pools.join(", ")}` : ""}{num(voucher.job_cap_micro_yuan) ? `, ${t("pays.cap", { cap: yuan(voucher.job_cap_micro_yuan) })}` : ""}</dd>
          {voucher.contract && (<><dt>{t("contract")}</dt><dd className="wrap">{voucher.contract}</dd></>)}
          <dt>{t("voucher.rules")}</dt><dd className="mono wrap" style={{ whiteSpace: "pre-wrap" }}>{voucher.rules}</dd>
        </dl>
      </div>
    </Card>
  );
}

function Vouchers({ org }: { org: string }) {
  const { t } = useWords();
  const query = useVouchers();
  return (
    <Loaded query={query}>
      {(vouchers) => {
        const shown = vouchers.filter((voucher) => !org || voucher.org === org);
        return shown.length ? <div className="grid">{shown.map((voucher) => <VoucherCard key={voucher.id} voucher={voucher} />)}</div> : <Card><Empty title={t("vouchers.none")}>{t("vouchers.none.todo")}</Empty></Card>;
      }}
    </Loaded>
  );
}

function Charges({ org, job }: { org: string; job: string }) {
  const payer = usePayer();
  const name = useNames();
  const { used } = useMeasures();
  const { t } = useWords();
  const [, setSearch] = useSearchParams();
  const query = useInfiniteQuery({
    queryKey: ["charges", "list", org, job],
    queryFn: ({ pageParam, signal }) => get<{ charges: Charge[]; next_cursor: string }>("/v1/charges", { org, job, limit: 200, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const charges = query.data?.pages.flatMap((page) => page.charges);
  const more = useMore(query);
  const paidBy = (charge: Charge) => charge.payments.map((payment) => (charge.payments.length > 1 ? `${payer(payment.payer)} ${yuan(payment.micro_yuan)}` : payer(payment.payer))).join(", ");
  const where = (charge: Charge) => charge.pool || (charge.ledger ? `${t("ledger")} ${charge.ledger}` : "–");
  const columns: Column<Charge>[] = [
    { key: "until", title: t("until"), width: "104px", cell: (charge) => <When us={charge.to_us} /> },
    { key: "job", title: t("job"), width: "64px", cell: (charge) => (num(charge.job_id) ? <JobLink id={charge.job_id} /> : "–") },
    { key: "lease", title: t("lease"), width: "56px", cell: (charge) => <span className="num">{num(charge.lease_id) ? String(charge.lease_id) : "–"}</span> },
    { key: "project", title: t("project"), width: "minmax(60px, 0.8fr)", cell: (charge) => charge.project || "–" },
    { key: "pool", title: t("pool"), width: "minmax(60px, 0.8fr)", cell: (charge) => <span title={where(charge)}>{where(charge)}</span> },
    { key: "tier", title: t("tierorservice"), width: "92px", cell: (charge) => (charge.service === "unspecified" ? <TierTag tier={charge.tier} /> : name("service", charge.service)) },
    { key: "sheet", title: t("pricesheet"), width: "112px", cell: (charge) => { const text = t("sheetline", { sheet: charge.price_sheet_id, line: charge.price_line }); return <span title={text}>{text}</span>; } },
    { key: "used", title: t("used"), width: "136px", right: true, cell: (charge) => <span className="num">{used(charge)}</span> },
    { key: "amount", title: `${t("amount")} (${t("cny")})`, width: "108px", right: true, cell: (charge) => <Yuan micro={charge.micro_yuan} /> },
    { key: "paid", title: t("paidby"), width: "minmax(90px, 1.4fr)", cell: (charge) => <span title={paidBy(charge)}>{paidBy(charge)}</span> },
  ];
  return (
    <div className="stack">
      <div className="row">
        <Input.Search allowClear key={job} defaultValue={job} style={{ width: 200 }} placeholder={t("charges.job")} aria-label={t("charges.job")} onSearch={(value) => setSearch(/^\d+$/.test(value) ? { tab: "charges", job: value } : { tab: "charges" })} />
        {charges && <span className="faint">{t("charges.shown", { n: charges.length, sum: yuan(charges.reduce((sum, charge) => sum + big(charge.micro_yuan), 0n)) })}</span>}
      </div>
      <Card flush>
        <Loaded query={{ data: charges, error: query.error, refetch: query.refetch }}>
          {(list) =>
            list.length === 0 ? <Empty title={t("charges.none")} /> : (
              <VirtualList columns={columns} items={list} keyOf={(charge) => String(charge.number)} label={t("charges")} minWidth={1000} onEnd={more} foot={query.isFetchingNextPage ? <div className="faint" style={{ padding: 12 }}>{t("loading")}</div> : undefined} />
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function Invoices({ org }: { org: string }) {
  const { t } = useWords();
  const query = useInvoices();
  return (
    <Card flush>
      <Loaded query={query}>
        {(invoices) => {
          const shown = invoices.filter((invoice) => !org || invoice.org === org).reverse();
          return shown.length === 0 ? <Empty title={t("invoices.none")}>{t("invoices.none.todo")}</Empty> : (
            <table className="list">
              <thead><tr><th>{t("invoice")}</th><th>{t("org")}</th><th>{t("period")}</th><th>{t("issued")}</th><th className="right">{t("total")} ({t("cny")})</th></tr></thead>
              <tbody>
                {shown.map((invoice) => (
                  <tr key={String(invoice.id)}><td><Link to={`/money/invoices/${invoice.id}`}>{t("invoice.title", { id: String(invoice.id) })}</Link></td><td>{invoice.org}</td><td><When us={invoice.from_us} /> – <When us={invoice.to_us} /></td><td><When us={invoice.issued_us} /></td><td className="right"><Yuan micro={invoice.total_micro_yuan} /></td></tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Loaded>
    </Card>
  );
}

export default function Money() {
  const { t } = useWords();
  const who = useWhoami().data!;
  const orgs = useOrgs();
  const [search, setSearch] = useSearchParams();
  const [chosen, setChosen] = useState("");
  const tab = search.get("tab") ?? "balance";
  const name = who.org || chosen || orgs.data?.[0]?.name || "";
  const org = orgs.data?.find((one) => one.name === name);
  return (
    <>
      <PageHead title={t("nav.money")}>
        <span className="grow" />
        {who.org === "" && (
          <Select showSearch style={{ minWidth: 180 }} aria-label={t("org")} value={name || undefined} onChange={setChosen} options={(orgs.data ?? []).map((one) => ({ value: one.name, label: one.title || one.name }))} />
        )}
      </PageHead>
      <Tabs
        activeKey={tab} onChange={(key) => setSearch({ tab: key })} destroyInactiveTabPane
        items={[
          { key: "balance", label: t("balance"), children: <Loaded query={{ ...orgs, data: orgs.data && (org ?? null) }}>{(found) => (found ? <Balance org={found} /> : <Card><Empty title={t("orgs.none")} /></Card>)}</Loaded> },
          { key: "vouchers", label: t("vouchers"), children: <Vouchers org={name} /> },
          { key: "charges", label: t("charges"), children: name || search.get("job") ? <Charges org={search.get("job") ? "" : name} job={search.get("job") ?? ""} /> : <Loaded query={{ ...orgs, data: orgs.data && null }}>{() => <Card><Empty title={t("orgs.none")} /></Card>}</Loaded> },
          { key: "invoices", label: t("invoices"), children: <Invoices org={name} /> },
        ]}
      />
    </>
  );
}
