// A form and a text over the same job; the price stands beside both.
import { useMutation } from "@tanstack/react-query";
import { Button, Input, InputNumber, Segmented, Select } from "../parts/antd";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { useLocation, useNavigate } from "react-router-dom";
import { ApiError, freshKey, send } from "../api/client";
import { useOrgs, usePools, usePrices, useProjects, useWhoami } from "../api/queries";
import type { JobAccepted, JobRequest, Pool, PriceLine, PriceSheet } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { parseJobFile, spanMs, textOf, tiers, topologies, withField, type Fault } from "../job/jobfile";
import { big, costOf, devices, num, span, yuan } from "../lib/units";
import { Card, PageHead, Yuan } from "../parts/basics";

const kept = "suan.draft";
const example = textOf({ name: "job", tasks: 1, devices_per_task: 1, walltime: "10m", script: "#!/bin/bash\necho hello\n" });

function priceOf(sheets: PriceSheet[], pool: string, tier: string): PriceLine | undefined {
  return sheets.flatMap((sheet) => sheet.lines).find((line) => line.current && line.pool === pool && line.tier === tier);
}

function faultText(fault: Fault, t: (word: Word, values?: Record<string, string | number>) => string): string {
  const where = fault.line ? `${t("line", { n: fault.line })}: ` : "";
  return where + t(`fault.${fault.code}`, { field: fault.field, near: fault.near ?? "" });
}

function Quote({ request, faults }: { request: JobRequest; faults: Fault[] }) {
  const { t, locale } = useWords();
  const pools = usePools().data ?? [];
  const sheets = usePrices().data ?? [];
  const who = useWhoami().data!;
  const orgs = useOrgs().data ?? [];
  const pool: Pool | undefined = pools.find((one) => one.name === request.pool) ?? (pools.length === 1 ? pools[0] : undefined);
  const tier = request.tier ?? "standard";
  const count = (request.array?.indices?.length ?? 0) || 1;
  const milli = (request.tasks ?? 1) * (request.devices_per_task ?? 1) * (request.milli_per_device ?? 1_000);
  const wall = num(request.walltime_ms) || num(pool?.rules?.walltime_default_ms);
  const line = pool && priceOf(sheets, pool.name, tier);
  const org = orgs.find((one) => one.name === (request.org || who.org));
  const most = line ? costOf(milli, wall, line.micro_yuan_per_device_hour) * BigInt(count) : 0n;
  const spendable = org ? big(org.available_micro_yuan) + big(org.vouchers_left_micro_yuan) : null;
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
      {spendable !== null && line && most > spendable && <div className="note" data-tone="warn">{t("quote.short")}</div>}
      {pool && milli * 1 > num(pool.devices_milli) && <div className="note" data-tone="bad">{t("quote.neverfits", { n: devices(pool.devices_milli, locale) })}</div>}
      {faults.length > 0 && <div className="note" data-tone="bad">{t("faults.n", { n: faults.length })}</div>}
    </div>
  );
}

function Field({ id, label, hint, wrong, wide, children }: { id: string; label: string; hint?: ReactNode; wrong?: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={`field${wide ? " wide" : ""}`}>
      <label htmlFor={id}>{label}</label>
      {children}
      {wrong ? <span className="wrong" role="alert">{wrong}</span> : hint && <span className="hint">{hint}</span>}
    </div>
  );
}

function JobForm({ text, onText, request, faultOf }: { text: string; onText: (text: string) => void; request: JobRequest; faultOf: (field: string) => string | undefined }) {
  const { t } = useWords();
  const name = useNames();
  const who = useWhoami().data!;
  const pools = usePools().data ?? [];
  const projects = useProjects().data ?? [];
  const orgs = useOrgs().data ?? [];
  const set = (field: string) => (value: unknown) => onText(withField(text, field, value === null ? undefined : value));
  const pool = pools.find((one) => one.name === request.pool) ?? (pools.length === 1 ? pools[0] : undefined);
  const line = (field: string) => new RegExp(`^${field}:\\s*(.*)$`, "m").exec(text)?.[1]?.replace(/^["']|["']$/g, "") ?? "";
  const number = (field: "tasks" | "devices_per_task" | "milli_per_device" | "priority" | "retries", label: Word, min: number, max: number, initial: number) => (
    <Field id={`f-${field}`} label={t(label)} wrong={faultOf(field)}>
      <InputNumber id={`f-${field}`} min={min} max={max} style={{ width: "100%" }} value={request[field] ?? initial} onChange={set(field)} />
    </Field>
  );
  const project = request.org || who.org;
  return (
    <div className="form">
      <Field id="f-name" label={t("name")} wrong={faultOf("name")}><Input id="f-name" value={request.name ?? ""} maxLength={128} onChange={(event) => set("name")(event.target.value)} /></Field>
      {who.org === "" && <Field id="f-org" label={t("org")}><Select id="f-org" showSearch value={request.org || undefined} onChange={set("org")} options={orgs.map((one) => ({ value: one.name, label: one.name }))} /></Field>}
      <Field id="f-project" label={t("project")} wrong={faultOf("project")}><Select id="f-project" allowClear value={request.project || undefined} onChange={set("project")} options={projects.filter((one) => one.org === project).map((one) => ({ value: one.name, label: one.name }))} /></Field>
      <Field id="f-pool" label={t("pool")} wrong={faultOf("pool")}><Select id="f-pool" value={pool?.name} onChange={set("pool")} options={pools.map((one) => ({ value: one.name, label: `${one.name} · ${one.device_type}` }))} /></Field>
      <Field id="f-tier" label={t("tier")} wrong={faultOf("tier")} hint={t(`tier.${request.tier ?? "standard"}.hint` as Word)}><Select id="f-tier" value={request.tier ?? "standard"} onChange={set("tier")} options={tiers.map((tier) => ({ value: tier, label: name("tier", tier) }))} /></Field>
      {request.tier === "spot" && <Field id="f-bid" label={`${t("bid")} (${t("perhour")})`} wrong={faultOf("bid")}><Input id="f-bid" defaultValue={line("bid")} onChange={(event) => set("bid")(event.target.value)} /></Field>}
      {number("tasks", "tasks", 1, 65_536, 1)}
      {number("devices_per_task", "devicespertask", 1, 64, 1)}
      {pool?.sharing && number("milli_per_device", "milliperdevice", 1, 1_000, 1_000)}
      <Field id="f-walltime" label={t("walltime")} wrong={faultOf("walltime")} hint={t("span.hint")}>
        <Input id="f-walltime" value={line("walltime")} onChange={(event) => set("walltime")(event.target.value)} status={line("walltime") && spanMs(line("walltime")) === null ? "error" : undefined} />
      </Field>
      <Field id="f-topology" label={t("topology")} wrong={faultOf("topology")}><Select id="f-topology" value={request.topology ?? "any"} onChange={set("topology")} options={topologies.map((one) => ({ value: one, label: name("topology", one) }))} /></Field>
      {number("priority", "priority", -1_000, 1_000, 0)}
      {number("retries", "retries", 0, 100, 0)}
      {pool?.executor === "sim" && <Field id="f-sim" label={t("sim.duration")} wrong={faultOf("sim")} hint={t("span.hint")}><Input id="f-sim" defaultValue={num(request.sim_duration_ms) ? `${num(request.sim_duration_ms) / 1_000}s` : ""} onChange={(event) => set("sim")(event.target.value ? { duration: event.target.value } : undefined)} /></Field>}
      <Field id="f-script" label={t("script")} wide wrong={faultOf("script")} hint={t("script.hint")}>
        <Input.TextArea id="f-script" className="mono" autoSize={{ minRows: 5, maxRows: 16 }} value={request.script ?? ""} onChange={(event) => set("script")(event.target.value)} spellCheck={false} />
      </Field>
    </div>
  );
}

export default function Submit() {
  const { t } = useWords();
  const navigate = useNavigate();
  const given = (useLocation().state as { draft?: Record<string, unknown> } | null)?.draft;
  const [text, setTextNow] = useState(() => (given ? textOf(given) : (sessionStorage.getItem(kept) ?? example)));
  const [mode, setMode] = useState<"form" | "yaml">("form");
  const key = useRef(freshKey());
  const setText = (next: string) => {
    setTextNow(next);
    sessionStorage.setItem(kept, next); // nothing typed is lost by a reload
    key.current = freshKey();
  };
  const { request, faults } = useMemo(() => parseJobFile(text), [text]);
  // The key stays the same while the text does: a second press after a lost answer makes no second job.
  const submit = useMutation({
    mutationFn: () => send<JobAccepted>("POST", "/v1/jobs", request, key.current),
    onSuccess: (accepted) => {
      sessionStorage.removeItem(kept);
      navigate(`/jobs/${accepted.id}`);
    },
  });
  const failed = submit.error instanceof ApiError ? submit.error : null;
  const faultOf = (field: string) => {
    const own = faults.find((fault) => fault.field === field);
    if (own) return faultText(own, t);
    return failed && failed.field.replace(/_ms$|_micro_yuan$|^spec\./g, "") === field ? failed.message : undefined;
  };
  return (
    <>
      <PageHead title={t("nav.submit")}>
        <span className="grow" />
        <Segmented value={mode} onChange={(value) => setMode(value as "form" | "yaml")} options={[{ value: "form", label: t("submit.form") }, { value: "yaml", label: "YAML" }]} />
      </PageHead>
      <div className="grid">
        <Card span={8} label={t("nav.submit")}>
          {mode === "form" ? (
            <JobForm text={text} onText={setText} request={request} faultOf={faultOf} />
          ) : (
            <div className="field">
              <label htmlFor="yaml">{t("submit.yaml")}</label>
              <textarea id="yaml" className="code" value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} aria-invalid={faults.length > 0} aria-describedby="yaml-faults" />
            </div>
          )}
          <ul id="yaml-faults" className="check" role="status" style={{ marginTop: 8 }}>
            {faults.filter((fault) => mode === "yaml" || !fault.field).map((fault, i) => <li key={i} style={{ color: "var(--bad)" }}>{faultText(fault, t)}</li>)}
          </ul>
          {failed && (
            <div className="note" data-tone="bad" role="alert" style={{ marginTop: 12 }} data-test="refused">
              {failed.lost ? t("problem.lost.todo") : <><strong>{failed.field && `${failed.field}: `}</strong>{failed.message}{failed.whatToDo && <div>{failed.whatToDo}</div>}</>}
            </div>
          )}
          <div className="row" style={{ marginTop: 16 }}>
            <Button type="primary" size="large" disabled={faults.length > 0} loading={submit.isPending} onClick={() => submit.mutate()} data-test="submit">{t("submit.do")}</Button>
            <Button onClick={() => setText(example)}>{t("submit.anew")}</Button>
          </div>
        </Card>
        <Card span={4} title={t("quote")}><Quote request={request} faults={faults} /></Card>
      </div>
    </>
  );
}
