// Apps: the list by platform, and the form of one.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router-dom";
import { freshKey, get, send } from "../api/client";
import { useOrgs, usePools, useProjects, useWhoami } from "../api/queries";
import type { JobAccepted, JobRequest } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { bytes, span } from "../lib/units";
import { Button, Input, Select, Upload } from "../parts/antd";
import { Card, Empty, Loaded } from "../parts/basics";
import { Field } from "../parts/Field";
import { byPlatform, faultsOf, formOf, takesFiles, wordOf, type App, type AppFault, type AppParameter, type AppValues } from "./apps";
import { spanMs, tiers } from "./jobfile";
import { Quote } from "./Quote";
import { Refused } from "../parts/Refused";

type Own = Pick<JobRequest, "org" | "project" | "pool" | "name" | "tier"> & { walltime: string };

function AppList({ apps, onChoose }: { apps: App[]; onChoose: (name: string) => void }) {
  const { t, locale } = useWords();
  const name = useNames();
  if (apps.length === 0) return <Card><Empty title={t("apps.none")}>{t("apps.none.todo")}</Empty></Card>;
  return (
    <div className="stack" data-test="apps">
      {byPlatform(apps).map(([platform, group]) => (
        <section key={platform} className="stack" aria-label={name("platform", platform || "other")}>
          <h2>{name("platform", platform || "other")}</h2>
          <div className="apps">
            {group.map((app) => (
              <button key={app.name} className="card app" onClick={() => onChoose(app.name)}>
                <strong>{wordOf(app.title, locale)}</strong>
                <span className="faint mono">{app.name}</span>
                <span className="faint">{[app.pool && `${t("pool")} ${app.pool}`, app.devices ? t("apps.devices", { n: app.devices }) : t("apps.nodevices"), app.walltime && `${t("walltime")} ${span(spanMs(app.walltime) ?? 0)}`].filter(Boolean).join(" · ")}</span>
              </button>
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function FilesField({ id, parameter, values, onValues }: { id: string; parameter: AppParameter; values: AppValues; onValues: (values: AppValues) => void }) {
  const { t } = useWords();
  const files = values.files[parameter.name] ?? [];
  // Uploads call once for each of several files: what the last call made is what the next adds to.
  const now = useRef(files);
  now.current = files;
  const put = (next: typeof files) => {
    now.current = next;
    onValues({ ...values, files: { ...values.files, [parameter.name]: next } });
  };
  const add = async (file: File) => {
    const read = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    put(parameter.type === "file" ? [read] : [...now.current.filter((one) => one.name !== read.name), read]);
  };
  return (
    <div className="stack" style={{ gap: 6 }}>
      <Upload id={id} showUploadList={false} multiple={parameter.type === "files"} accept={parameter.suffix || undefined} beforeUpload={(file) => { void add(file); return false; }}>
        <Button>{t(parameter.type === "files" ? "apps.choosefiles" : "apps.choosefile")}</Button>
      </Upload>
      {files.map((file) => (
        <div className="row" key={file.name}>
          <span className="mono wrap">{file.name}</span>
          <span className="faint num">{bytes(file.bytes.length)}</span>
          <Button size="small" type="link" onClick={() => put(files.filter((one) => one !== file))} aria-label={`${t("remove")} ${file.name}`}>{t("remove")}</Button>
        </div>
      ))}
    </div>
  );
}

function ParameterField({ app, parameter, values, fault, onValues }: { app: App; parameter: AppParameter; values: AppValues; fault?: AppFault; onValues: (values: AppValues) => void }) {
  const { t, locale } = useWords();
  const id = `p-${app.name}-${parameter.name}`;
  const set = (text: string) => onValues({ ...values, texts: { ...values.texts, [parameter.name]: text } });
  const text = values.texts[parameter.name] ?? "";
  const help = wordOf(parameter.help, locale);
  const title = wordOf(parameter.title, locale) || parameter.name;
  // What is still empty is asked for, not scolded.
  const wrong = fault && fault.code !== "required" ? t(`appfault.${fault.code}` as Word, { near: fault.near ?? "" }).replace(/[,，]\s*$/, "") : undefined;
  return (
    <Field id={id} label={parameter.required && !parameter.default ? `${title} *` : title} hint={help} wrong={wrong} wide={takesFiles(parameter)}>
      {takesFiles(parameter) ? (
        <FilesField id={id} parameter={parameter} values={values} onValues={onValues} />
      ) : parameter.type === "choice" ? (
        <Select id={id} allowClear placeholder={parameter.default ?? t("apps.empty")} value={text || undefined} onChange={(value) => set(value ?? "")} options={parameter.choices?.map((value) => ({ value, label: value }))} />
      ) : (
        <Input id={id} value={text} placeholder={parameter.default} inputMode={parameter.type === "integer" ? "numeric" : parameter.type === "number" ? "decimal" : undefined} status={wrong ? "error" : undefined} aria-required={parameter.required && !parameter.default} onChange={(event) => set(event.target.value)} />
      )}
    </Field>
  );
}

// The fields that every job has, where the app leaves them open.
function OwnFields({ app, own, onOwn }: { app: App; own: Own; onOwn: (own: Own) => void }) {
  const { t } = useWords();
  const name = useNames();
  const who = useWhoami().data!;
  const pools = usePools().data ?? [];
  const projects = useProjects().data ?? [];
  const orgs = useOrgs().data ?? [];
  const set = (field: keyof Own) => (value: string | undefined) => onOwn({ ...own, [field]: value ?? "" });
  const bad = own.walltime !== "" && spanMs(own.walltime) === null;
  return (
    <div className="form">
      <Field id="a-name" label={t("name")}><Input id="a-name" value={own.name} placeholder={app.name} maxLength={128} onChange={(event) => set("name")(event.target.value)} /></Field>
      {who.org === "" && <Field id="a-org" label={t("org")}><Select id="a-org" showSearch value={own.org || undefined} onChange={set("org")} options={orgs.map((one) => ({ value: one.name, label: one.name }))} /></Field>}
      <Field id="a-project" label={t("project")}><Select id="a-project" allowClear value={own.project || undefined} onChange={set("project")} options={projects.filter((one) => one.org === (own.org || who.org)).map((one) => ({ value: one.name, label: one.name }))} /></Field>
      <Field id="a-pool" label={t("pool")}><Select id="a-pool" allowClear placeholder={pools.find((one) => one.name === app.pool || pools.length === 1)?.name ?? t("choose")} value={own.pool || undefined} onChange={set("pool")} options={pools.map((one) => ({ value: one.name, label: `${one.name} · ${one.device_type}` }))} /></Field>
      <Field id="a-tier" label={t("tier")}><Select id="a-tier" allowClear placeholder={name("tier", "standard")} value={own.tier || undefined} onChange={(value) => set("tier")(value)} options={tiers.map((tier) => ({ value: tier, label: name("tier", tier) }))} /></Field>
      <Field id="a-walltime" label={t("walltime")} hint={t("span.hint")} wrong={bad ? t("span.hint") : undefined}><Input id="a-walltime" value={own.walltime} placeholder={app.walltime && span(spanMs(app.walltime) ?? 0)} onChange={(event) => set("walltime")(event.target.value)} status={bad ? "error" : undefined} /></Field>
    </div>
  );
}

// The app's job with the caller's own wishes, as `suan app submit` joins them.
function withOwn(job: JobRequest, own: Own): JobRequest {
  const wall = own.walltime ? spanMs(own.walltime) : null;
  const given = Object.fromEntries(Object.entries({ org: own.org, project: own.project, pool: own.pool, name: own.name, tier: own.tier }).filter(([, value]) => value));
  return { ...job, ...given, ...(wall ? { walltime_ms: wall } : {}) };
}

const empty: Own = { org: "", project: "", pool: "", name: "", tier: undefined, walltime: "" };
const draftOf = (app: App) => `suan.app.${app.name}`;

// What was typed outlives a reload; files do not, browsers keep no right to read them.
function textsOf(app: App): Record<string, string> {
  try {
    const found = JSON.parse(sessionStorage.getItem(draftOf(app)) ?? "{}") as Record<string, string>;
    return Object.fromEntries(app.parameters.flatMap((p) => (typeof found[p.name] === "string" ? [[p.name, found[p.name]!]] : [])));
  } catch {
    return {};
  }
}

function AppPage({ app }: { app: App }) {
  const { t, locale } = useWords();
  const navigate = useNavigate();
  const [values, setValuesNow] = useState<AppValues>(() => ({ texts: textsOf(app), files: {} }));
  const [own, setOwnNow] = useState<Own>(empty);
  const [seen, setSeen] = useState<JobRequest>();
  const key = useRef(freshKey());
  const changed = () => {
    key.current = freshKey();
    setSeen(undefined);
  };
  const setValues = (next: AppValues) => {
    setValuesNow(next);
    sessionStorage.setItem(draftOf(app), JSON.stringify(next.texts));
    changed();
  };
  const setOwn = (next: Own) => {
    setOwnNow(next);
    changed();
  };
  const faults = faultsOf(app, values);
  const bad = own.walltime !== "" && spanMs(own.walltime) === null ? 1 : 0;
  const made = async () => withOwn(await send<JobRequest>("POST", `/v1/apps/${encodeURIComponent(app.name)}/job`, formOf(app, values)), own);
  const show = useMutation({ mutationFn: made, onSuccess: setSeen });
  const submit = useMutation({
    mutationFn: async () => send<JobAccepted>("POST", "/v1/jobs", await made(), key.current),
    onSuccess: (accepted) => {
      sessionStorage.removeItem(draftOf(app));
      navigate(`/jobs/${accepted.id}`);
    },
  });
  const priced = withOwn({ pool: app.pool ?? "", devices_per_task: app.devices, walltime_ms: spanMs(app.walltime ?? "") ?? 0 }, own);
  const missing = faults.filter((fault) => fault.code === "required").map((fault) => wordOf(app.parameters.find((p) => p.name === fault.parameter)?.title, locale) || fault.parameter);
  return (
    <div className="grid">
      <Card span={8} title={wordOf(app.title, locale)} extra={<Link to="/submit?app=">{t("apps.all")}</Link>}>
        <div className="stack" style={{ gap: 20 }}>
          <div className="form">
            {app.parameters.map((parameter) => (
              <ParameterField key={parameter.name} app={app} parameter={parameter} values={values} fault={faults.find((one) => one.parameter === parameter.name)} onValues={setValues} />
            ))}
          </div>
          <h3>{t("apps.job")}</h3>
          <OwnFields app={app} own={own} onOwn={setOwn} />
          {missing.length > 0 && <p className="soft" role="status">{t("apps.missing", { names: missing.join(locale === "en" ? ", " : "、") })}</p>}
          <div>
            <Refused error={submit.error ?? show.error} />
            <div className="row" style={{ marginTop: 4 }}>
              <Button type="primary" size="large" disabled={faults.length + bad > 0} loading={submit.isPending} onClick={() => submit.mutate()} data-test="submit">{t("submit.do")}</Button>
              <Button disabled={faults.length > 0} loading={show.isPending} onClick={() => show.mutate()} data-test="show-job">{t("apps.show")}</Button>
            </div>
          </div>
          {seen && (
            <pre className="code-box" data-test="app-job" tabIndex={0}>{JSON.stringify({ ...seen, script: seen.script && `${seen.script.slice(0, 120)}…` }, null, 2)}</pre>
          )}
        </div>
      </Card>
      <div className="s4 stack aside" style={{ gap: 16 }}>
        <Card title={t("quote")}><Quote request={priced} wrong={faults.filter((fault) => fault.code !== "required").length + bad} /></Card>
        <Card title={t("apps.results")}>
          <ul className="check">
            {[app.result.file, ...app.artefacts].filter(Boolean).map((file) => <li key={file} className="mono">{file}</li>)}
            {!app.result.file && <li>{t("apps.stdout")}</li>}
          </ul>
          <p className="faint">{t("apps.results.note")}</p>
        </Card>
      </div>
    </div>
  );
}

export function Apps({ chosen, onChoose }: { chosen: string; onChoose: (name: string) => void }) {
  const { t } = useWords();
  const query = useQuery({ queryKey: ["apps"], queryFn: async ({ signal }) => (await get<{ apps: App[] }>("/v1/apps", {}, signal)).apps, staleTime: Infinity });
  return (
    <Loaded query={query}>
      {(apps) => {
        if (!chosen) return <AppList apps={apps} onChoose={onChoose} />;
        const app = apps.find((one) => one.name === chosen);
        return app ? <AppPage key={app.name} app={app} /> : <Card><Empty title={t("problem.missing")}><Link to="/submit?app=">{t("apps.all")}</Link></Empty></Card>;
      }}
    </Loaded>
  );
}
