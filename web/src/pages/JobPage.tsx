// One job: why it waits, where it ran, what it costs, what it prints.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App as AntApp, Button, Input, Modal } from "../parts/antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router-dom";
import { ApiError, get, send } from "../api/client";
import { useWhoami } from "../api/queries";
import type { Job } from "../api/types";
import { useNames, usePayer, useWords } from "../i18n";
import { draftOf } from "../job/draft";
import { FilesCard } from "../job/Files";
import { LogView, type Told } from "../job/LogView";
import { Timeline } from "../job/Timeline";
import { WhyCard } from "../job/Why";
import { big, devices, deviceHours, num, span, yuan } from "../lib/units";
import { Card, JobLink, Loaded, Meter, PageHead, Problem, StateTag, TierTag, When, Yuan } from "../parts/basics";
import { milliOf } from "./Jobs";

const Chart = lazy(() => import("../parts/Chart"));

function Facts({ job }: { job: Job }) {
  const { t, locale } = useWords();
  const name = useNames();
  const left = num(job.ends_by_us) ? (num(job.ends_by_us) - Date.now() * 1_000) / 1_000 : -1;
  const rows: [string, React.ReactNode][] = [
    [t("org"), `${job.org} / ${job.project} / ${job.member}`],
    [t("pool"), job.pool],
    [t("devices"), t("devices.split", { all: devices(milliOf(job), locale), tasks: num(job.tasks), each: devices(num(job.devices_per_task) * num(job.milli_per_device), locale) })],
    [t("topology"), num(job.topology_wait_ms) ? t("topology.preferred", { topology: name("topology", job.topology), span: span(num(job.topology_wait_ms)) }) : name("topology", job.topology)],
    [t("submitted"), <When key="s" us={job.submitted_us} />],
    [t("started"), <When key="b" us={job.started_us} />],
    [t("ended"), <When key="e" us={job.ended_us} />],
    [t("walltime"), <span key="w" className="num">{span(num(job.walltime_ms))}{left > 0 ? ` (${t("left", { span: span(left) })})` : ""}</span>],
    [t("attempts"), `${job.attempts}${num(job.preemptions) ? ` (${t("preempted", { n: num(job.preemptions) })})` : ""}`],
  ];
  if (job.nodes.length) rows.push([t("nodes"), `${job.nodes.slice(0, 6).join(", ")}${job.nodes.length > 6 ? ` +${job.nodes.length - 6}` : ""}`]);
  const spread = job.spread;
  if (spread && job.nodes.length > 1) {
    const best = num(spread.nodes) === num(spread.nodes_least) && num(spread.racks) === num(spread.racks_least);
    rows.push([t("spread"), t(best ? "spread.best" : "spread.worse", { nodes: num(spread.nodes), racks: num(spread.racks), nodes_least: num(spread.nodes_least), racks_least: num(spread.racks_least) })]);
  }
  if (job.reason) rows.push([t("reason"), name("reason", job.reason)]);
  if (num(job.signal) || num(job.exit_code)) rows.push([t("exit"), num(job.signal) ? `${t("signal")} ${job.signal}` : String(job.exit_code)]);
  if (job.dependencies.length) rows.push([t("after"), <span key="d" className="row">{job.dependencies.map((d) => <span key={String(d.job_id)}><JobLink id={d.job_id} /> <span className="faint">{name("after", d.kind)}{d.met ? " ✓" : ""}</span></span>)}</span>]);
  return (
    <dl className="facts">
      {rows.map(([title, value]) => (
        <div key={title} style={{ display: "contents" }}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Cost({ job }: { job: Job }) {
  const payer = usePayer();
  const { t } = useWords();
  return (
    <dl className="facts">
      <dt>{t("price")}</dt>
      <dd><Yuan micro={job.price_micro_yuan_per_device_hour} /> {t("perhour")} <span className="faint">{t("sheetline", { sheet: job.price_sheet_id, line: job.price_line })}</span></dd>
      <dt>{t("charged")}</dt>
      <dd><Yuan micro={job.charged_micro_yuan} /> {t("cny")}</dd>
      <dt>{t("devicehours")}</dt>
      <dd className="num">{deviceHours(job.milli_device_ms)}</dd>
      <dt>{t("held")}</dt>
      <dd>
        <Yuan micro={job.held_micro_yuan} /> {t("cny")}
        {job.holds.filter((hold) => big(hold.micro_yuan) !== 0n).map((hold) => <div className="faint" key={hold.payer}>{yuan(hold.micro_yuan)} · {payer(hold.payer)}</div>)}
      </dd>
      {num(job.charged_micro_yuan) > 0 && (<><dt>{t("charges")}</dt><dd><Link to={`/money?tab=charges&job=${job.id}`}>{t("charges.ofjob")}</Link></dd></>)}
    </dl>
  );
}

function Metrics({ told }: { told: Told }) {
  const { t } = useWords();
  const option = useMemo(() => {
    const names = [...told.curves.keys()];
    return {
      grid: { left: 56, right: 56, top: 34, bottom: 28 },
      legend: { top: 0, data: names },
      tooltip: { trigger: "axis" as const },
      xAxis: { type: "value" as const, min: "dataMin" as const, max: "dataMax" as const, splitLine: { show: false } },
      yAxis: names.slice(0, 2).map((name) => ({ type: "value" as const, name, scale: true })),
      series: names.map((name, i) => ({
        type: "line" as const, name, showSymbol: told.curves.get(name)!.length < 30, yAxisIndex: Math.min(i, 1),
        data: told.curves.get(name)!.map((point) => [point.step, point.value]),
      })),
    };
  }, [told.curves]);
  if (told.curves.size === 0) return null;
  return (
    <Card title={t("metrics")} extra={<span className="faint">{t("metrics.from")}</span>} span={12}>
      <Suspense fallback={<div style={{ height: 260 }} />}>
        <Chart option={option} label={t("metrics.label", { names: [...told.curves.keys()].join(", ") })} />
      </Suspense>
    </Card>
  );
}

function Actions({ job }: { job: Job }) {
  const { t } = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const who = useWhoami().data!;
  const { message } = AntApp.useApp();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const over = num(job.ended_us) > 0;
  const act = async (verb: string, body?: unknown) => {
    try {
      await send("POST", `/v1/jobs/${job.id}/${verb}`, body);
    } catch (error) {
      void message.error(error instanceof ApiError ? error.message : String(error));
    }
    await client.invalidateQueries({ queryKey: ["job", String(job.id)] });
  };
  if (who.role === "auditor") return null;
  return (
    <>
      {!over && job.state === "waiting" && <Button onClick={() => void act(job.held ? "release" : "hold")}>{t(job.held ? "release" : "hold.job")}</Button>}
      {!over && <Button danger onClick={() => setAsking(true)}>{t("cancel.job")}</Button>}
      <Button onClick={() => void draftOf(job).then((draft) => navigate("/submit", { state: { draft } }))}>{t(over ? "resubmit" : "clone")}</Button>
      <Modal
        open={asking} title={t("cancel.ask", { id: String(job.id) })} okText={t("cancel.job")} cancelText={t("back")} okButtonProps={{ danger: true }}
        onCancel={() => setAsking(false)} onOk={() => { setAsking(false); void act("cancel", { reason }); }}
      >
        <div className="field">
          <label htmlFor="cancel-reason">{t("cancel.reason")}</label>
          <Input id="cancel-reason" value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
        </div>
      </Modal>
    </>
  );
}

function JobBody({ job }: { job: Job }) {
  const { t } = useWords();
  const [told, setTold] = useState<Told>({ curves: new Map(), progress: null });
  const name = useNames();
  const permille = job.state === "running" ? Math.max(num(job.progress_permille), Math.floor((told.progress?.fraction ?? 0) * 1_000)) : num(job.progress_permille);
  return (
    <>
      <PageHead title={<span className="wrap">{job.name} <span className="soft">#{String(job.id)}</span></span>}>
        <StateTag state={job.state} />
        <TierTag tier={job.tier} />
        {num(job.array_id) > 0 && <span className="tag">{t("array")} {String(job.array_id)}[{job.array_index}]</span>}
        <span className="grow" />
        <Actions job={job} />
      </PageHead>
      {permille > 0 && (
        <div className="stack" style={{ gap: 4 }}>
          <Meter label={t("progress", { n: permille / 10 })} whole={1_000} parts={[{ value: permille, colour: "var(--run)" }]} />
          <span className="faint">{t("progress", { n: permille / 10 })} {told.progress?.message}</span>
        </div>
      )}
      <div className="grid">
        {job.state === "waiting" && <WhyCard job={job} />}
        <Card title={t("job.facts")} span={7}><Facts job={job} /></Card>
        <Card title={t("job.cost")} span={5}><Cost job={job} /></Card>
        <Card title={t("leases")} span={12}><Timeline job={job} /></Card>
        <Metrics told={told} />
        <FilesCard job={job} />
        <Card title={t("log")} span={12}>
          {num(job.attempts) === 0 ? <p className="soft">{t("log.notyet", { state: name("state", job.state) })}</p> : <LogView job={job} onTold={setTold} />}
        </Card>
      </div>
    </>
  );
}

export default function JobPage() {
  const { t } = useWords();
  const { id } = useParams();
  const query = useQuery({ queryKey: ["job", id], queryFn: ({ signal }) => get<Job>(`/v1/jobs/${encodeURIComponent(id!)}`, {}, signal) });
  if (query.error && !query.data) return <><PageHead title={`${t("job")} ${id}`} /><Card><Problem error={query.error} retry={() => void query.refetch()} /></Card></>;
  return (
    <AntApp component={false}>
      <Loaded query={query} lines={8}>{(job) => <JobBody key={String(job.id)} job={job} />}</Loaded>
    </AntApp>
  );
}
