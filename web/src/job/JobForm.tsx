// The form over a job file: every field writes its line of the text.
import { Input, InputNumber, Select } from "../parts/antd";
import { useOrgs, usePools, useProjects, useWhoami } from "../api/queries";
import type { JobRequest } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { num } from "../lib/units";
import { Field } from "../parts/Field";
import { spanMs, tiers, topologies, withField } from "./jobfile";

export function JobForm({ text, onText, request, faultOf }: { text: string; onText: (text: string) => void; request: JobRequest; faultOf: (field: string) => string | undefined }) {
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
      <Field id="f-pool" label={t("pool")} wrong={faultOf("pool")}><Select id="f-pool" placeholder={t("choose")} value={pool?.name} onChange={set("pool")} options={pools.map((one) => ({ value: one.name, label: `${one.name} · ${one.device_type}` }))} /></Field>
      <Field id="f-tier" label={t("tier")} wrong={faultOf("tier")} hint={t(`tier.${request.tier ?? "standard"}.hint` as Word)}><Select id="f-tier" value={request.tier ?? "standard"} onChange={set("tier")} options={tiers.map((tier) => ({ value: tier, label: name("tier", tier) }))} /></Field>
      {request.tier === "spot" && <Field id="f-bid" label={`${t("bid")} (${t("perhour")})`} wrong={faultOf("bid")}><Input id="f-bid" defaultValue={line("bid")} onChange={(event) => set("bid")(event.target.value)} /></Field>}
      {number("tasks", "tasks", 1, 65_536, 1)}
      {number("devices_per_task", "devicespertask", 1, 64, 1)}
      {pool?.sharing && number("milli_per_device", "milliperdevice", 1, 1_000, 1_000)}
      <Field id="f-walltime" label={t("walltime")} wrong={faultOf("walltime")} hint={t("span.hint")}>
        <Input id="f-walltime" value={line("walltime")} onChange={(event) => set("walltime")(event.target.value)} status={line("walltime") && spanMs(line("walltime")) === null ? "error" : undefined} />
      </Field>
      <Field id="f-topology" label={t("topology")} wrong={faultOf("topology")}><Select id="f-topology" value={request.topology ?? "any"} onChange={set("topology")} options={topologies.map((one) => ({ value: one, label: name("topology", one) }))} /></Field>
      {(request.topology === "one_rack" || request.topology === "one_node") && (
        <Field id="f-topology-wait" label={t("topology.wait")} wrong={faultOf("topology_wait")} hint={t("topology.wait.hint")}>
          <Input id="f-topology-wait" value={line("topology_wait")} onChange={(event) => set("topology_wait")(event.target.value || undefined)} />
        </Field>
      )}
      {number("priority", "priority", -1_000, 1_000, 0)}
      {number("retries", "retries", 0, 100, 0)}
      {pool?.executor === "sim" && <Field id="f-sim" label={t("sim.duration")} wrong={faultOf("sim")} hint={t("span.hint")}><Input id="f-sim" defaultValue={num(request.sim_duration_ms) ? `${num(request.sim_duration_ms) / 1_000}s` : ""} onChange={(event) => set("sim")(event.target.value ? { duration: event.target.value } : undefined)} /></Field>}
      <Field id="f-script" label={t("script")} wide wrong={faultOf("script")} hint={t("script.hint")}>
        <Input.TextArea id="f-script" className="mono" autoSize={{ minRows: 5, maxRows: 16 }} value={request.script ?? ""} onChange={(event) => set("script")(event.target.value)} spellCheck={false} />
      </Field>
    </div>
  );
}
