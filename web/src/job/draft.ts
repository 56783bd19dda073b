// From a job of the hub back to a draft of the form.
import { get } from "../api/client";
import type { Job, Payload } from "../api/types";
import { num, yuan } from "../lib/units";

// The job again, as the form of /submit understands it. The private part is had only by those who may.
export async function draftOf(job: Job): Promise<Record<string, unknown>> {
  const payload = job.has_payload ? await get<Payload>(`/v1/jobs/${job.id}/payload`).then((p) => p.payload).catch(() => null) : null;
  const draft: Record<string, unknown> = {
    name: job.name, project: job.project, pool: job.pool, tier: job.tier, tasks: num(job.tasks_max) || num(job.tasks),
    devices_per_task: num(job.devices_per_task), walltime: `${Math.round(num(job.walltime_ms) / 1_000)}s`,
  };
  if (num(job.tasks_min) && num(job.tasks_min) !== draft["tasks"]) draft["tasks_min"] = num(job.tasks_min);
  if (num(job.milli_per_device) !== 1_000) draft["milli_per_device"] = num(job.milli_per_device);
  if (job.topology !== "any" && job.topology !== "unspecified") draft["topology"] = job.topology;
  if (num(job.topology_wait_ms)) draft["topology_wait"] = `${num(job.topology_wait_ms) / 1_000}s`;
  if (num(job.priority)) draft["priority"] = num(job.priority);
  if (num(job.retries)) draft["retries"] = num(job.retries);
  if (num(job.checkpoint_interval_ms)) draft["checkpoint_interval"] = `${num(job.checkpoint_interval_ms) / 1_000}s`;
  if (num(job.bid_micro_yuan)) draft["bid"] = yuan(job.bid_micro_yuan).replaceAll(",", "");
  if (payload?.script) draft["script"] = payload.script;
  if (payload?.argv?.length) draft["argv"] = payload.argv;
  const environment = payload?.environment ?? [];
  if (environment.length) draft["environment"] = Object.fromEntries(environment.map((v) => [v.name, v.value]));
  if (payload?.working_dir) draft["working_dir"] = payload.working_dir;
  if (payload?.stdout_pattern) draft["stdout"] = payload.stdout_pattern;
  if (payload?.stderr_pattern) draft["stderr"] = payload.stderr_pattern;
  if (payload?.launcher && payload.launcher !== "unspecified") draft["launcher"] = payload.launcher;
  if (num(payload?.cpus_per_task)) draft["cpus_per_task"] = num(payload?.cpus_per_task);
  if (num(payload?.memory_bytes)) draft["memory"] = String(payload?.memory_bytes);
  if (num(payload?.sim_duration_ms)) draft["sim"] = { duration: `${num(payload?.sim_duration_ms) / 1_000}s`, ...(num(payload?.sim_exit_code) ? { exit_code: num(payload?.sim_exit_code) } : {}) };
  return draft;
}
