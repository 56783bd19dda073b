// When a job will start and what it will likely cost, where the hub forecasts (it may not: then
// nothing is shown), and the smallest change that helps a waiting one.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router-dom";
import { send } from "../api/client";
import type { Forecast, Help, Job, JobRequest, Quote } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { words } from "../i18n/words";
import { fullTime, shortTime } from "../lib/time";
import { num, span, yuan } from "../lib/units";
import { Button } from "../parts/antd";
import { Tag, When } from "../parts/basics";
import { draftOf } from "./draft";
import { Reliability } from "./Reliability";

export function ForecastFacts({ forecast }: { forecast: Forecast }) {
  const { t, locale } = useWords();
  const known = num(forecast.start_p90_us) > 0;
  const now = forecast.basis === "starts_now";
  const rows: [string, React.ReactNode][] = now
    ? [[t("window.title"), t("window.now")]]
    : known
      ? [[t("window.p50"), <When key="5" us={forecast.start_p50_us} />], [t("window.p90"), <When key="9" us={forecast.start_p90_us} />]]
      : [[t("window.title"), t("window.unknown")]];
  if (num(forecast.run_p50_ms) > 0) rows.push([t("window.run"), <span key="r" className="num">{`${span(num(forecast.run_p50_ms))} – ${span(num(forecast.run_p90_ms))}`}</span>]);
  if (num(forecast.cost_p90_micro_yuan) > 0) rows.push([t("window.cost"), <span key="c">{t("window.cost.value", { p50: yuan(forecast.cost_p50_micro_yuan), p90: yuan(forecast.cost_p90_micro_yuan) })} {t("cny")}</span>]);
  const basis = `window.basis.${forecast.basis ?? ""}`;
  return (
    <div className="stack" style={{ gap: 6 }} data-test="forecast">
      <dl className="facts">
        {rows.map(([title, value]) => <div key={title} style={{ display: "contents" }}><dt>{title}</dt><dd>{value}</dd></div>)}
      </dl>
      {known && !now && <Reliability />}
      {(known || forecast.basis === "outbid") && basis in words && <p className="faint" title={fullTime(forecast.made_us, locale)}>{t(basis as Word, { time: shortTime(forecast.made_us, locale) })}</p>}
    </div>
  );
}

// Beside the form: asked again when the job of the form has been the same for a moment.
export function QuoteWindow({ request }: { request: JobRequest }) {
  const shape = JSON.stringify({ ...request, script: undefined, argv: undefined, environment: undefined, array: undefined, after: undefined });
  const [asked, setAsked] = useState(shape);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(shape), 500);
    return () => clearTimeout(timer);
  }, [shape]);
  const query = useQuery({
    queryKey: ["quote", asked],
    queryFn: () => send<Quote>("POST", "/v1/quotes", { job: JSON.parse(asked) as JobRequest, binding: false }),
    staleTime: 20_000, refetchInterval: 30_000, placeholderData: keepPreviousData, retry: false,
  });
  if (!query.data?.forecast) return null;
  return <ForecastFacts forecast={query.data.forecast} />;
}

function changeOf(help: Help): Record<string, unknown> {
  const change: Record<string, unknown> = {};
  if (num(help.tasks)) change["tasks"] = num(help.tasks);
  if (num(help.devices_per_task)) change["devices_per_task"] = num(help.devices_per_task);
  if (help.topology && help.topology !== "unspecified") change["topology"] = help.topology;
  if (num(help.walltime_ms)) change["walltime"] = `${Math.floor(num(help.walltime_ms) / 1_000)}s`;
  if (help.tier && help.tier !== "unspecified") change["tier"] = help.tier;
  if (help.pool) change["pool"] = help.pool;
  return change;
}
const of_the_job = ["topology", "split", "walltime", "pool", "tasks", "tier"];

// Each was tried on the scheduler itself; the smallest comes first.
export function Helps({ job, helps, mayWork }: { job: Job; helps: Help[]; mayWork: boolean }) {
  const { t } = useWords();
  const name = useNames();
  const navigate = useNavigate();
  const submitSo = (help: Help) => void draftOf(job).then((draft) => navigate("/submit", { state: { draft: { ...draft, ...changeOf(help) } } }));
  if (helps.length === 0) return null;
  return (
    <div className="stack" style={{ gap: 8 }} data-test="helps">
      <h3>{t("help.title")}</h3>
      {helps.map((help, i) => (
        <div className="row help" key={i} data-first={i === 0}>
          <div className="grow">
            <strong>{name("help", help.kind ?? "")}</strong> <span className="soft">{help.change}</span>
            {help.who && help.who !== "member" && <div className="faint">{name("help.who", help.who)}</div>}
          </div>
          <Tag tone="good">{help.starts_now ? t("help.now") : num(help.start_us) ? <>{t("help.by")} <When us={help.start_us} /></> : help.outcome}</Tag>
          {mayWork && of_the_job.includes(help.kind ?? "") && <Button size="small" onClick={() => submitSo(help)}>{t("help.do")}</Button>}
        </div>
      ))}
    </div>
  );
}
