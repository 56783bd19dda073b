// What a job would cost and when it would start, beside the form that describes it.
import { useOrgs, usePools, usePrices, useWhoami } from "../api/queries";
import type { JobRequest, Pool, PriceLine, PriceSheet } from "../api/types";
import { useWords } from "../i18n";
import { big, costOf, devices, num, span, yuan } from "../lib/units";
import { Yuan } from "../parts/basics";
import { QuoteWindow } from "./Forecast";

function priceOf(sheets: PriceSheet[], pool: string, tier: string): PriceLine | undefined {
  return sheets.flatMap((sheet) => sheet.lines).find((line) => line.current && line.pool === pool && line.tier === tier);
}

// `wrong`: how many things of the form are to be mended.
export function Quote({ request, wrong }: { request: JobRequest; wrong: number }) {
  const { t, locale } = useWords();
  const pools = usePools().data ?? [];
  const sheets = usePrices().data ?? [];
  const who = useWhoami().data!;
  const orgs = useOrgs().data ?? [];
  const pool: Pool | undefined = pools.find((one) => one.name === request.pool) ?? (pools.length === 1 ? pools[0] : undefined);
  const tier = request.tier ?? "standard";
  const count = (request.array?.indices?.length ?? 0) || 1;
  const milli = (request.tasks || 1) * (request.devices_per_task || 1) * (request.milli_per_device || 1_000);
  const wall = num(request.walltime_ms) || num(pool?.rules?.walltime_default_ms);
  const line = pool && priceOf(sheets, pool.name, tier);
  const org = orgs.find((one) => one.name === (request.org || who.org));
  const most = line ? costOf(milli, wall, line.micro_yuan_per_device_hour) * BigInt(count) : 0n;
  const spendable = org ? big(org.available_micro_yuan) + big(org.vouchers_left_micro_yuan) : null;
  if (!pool) return <p className="soft" data-test="quote">{t("quote.nopool")}</p>;
  return (
    <div className="stack" data-test="quote">
      <dl className="facts">
        <dt>{t("devices")}</dt><dd className="num">{devices(milli, locale)}{count > 1 ? ` × ${count.toLocaleString(locale)} ${t("jobs.n")}` : ""}</dd>
        <dt>{t("walltime")}</dt><dd className="num">{wall ? span(wall) : "–"}</dd>
        <dt>{t("price")}</dt><dd>{line ? <><Yuan micro={line.micro_yuan_per_device_hour} /> {t("perhour")}</> : t("quote.noprice")}</dd>
        <dt>{t("quote.hour")}</dt><dd>{line ? <><Yuan micro={costOf(milli, 3_600_000, line.micro_yuan_per_device_hour) * BigInt(count)} /> {t("cny")}</> : "–"}</dd>
        <dt>{t("quote.most")}</dt><dd><strong data-test="most">{line && wall ? yuan(most) : "–"}</strong> {t("cny")}</dd>
        {spendable !== null && (<><dt>{t("quote.have")}</dt><dd><Yuan micro={spendable} /> {t("cny")}</dd></>)}
        {pool && (<><dt>{t("quote.free")}</dt><dd className="num">{devices(pool.free_milli, locale)} / {devices(pool.devices_milli, locale)}</dd></>)}
      </dl>
      <p className="faint">{t("quote.note")}</p>
      {wrong === 0 && pool && <QuoteWindow request={request} />}
      {spendable !== null && line && most > spendable && <div className="note" data-tone="warn">{t("quote.short")}</div>}
      {pool && milli * 1 > num(pool.devices_milli) && <div className="note" data-tone="bad">{t("quote.neverfits", { n: devices(pool.devices_milli, locale) })}</div>}
      {wrong > 0 && <div className="note" data-tone="bad">{t("faults.n", { n: wrong })}</div>}
    </div>
  );
}
